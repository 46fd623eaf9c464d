/* SPDX-License-Identifier: MIT */
/* The dialect of PostgreSQL. */
#include "dialect/dialects.h"

#include "dialect/postgres/pg_claim.h"
#include "dialect/postgres/pg_deed.h"
#include "dialect/postgres/pg_detect.h"
#include "dialect/postgres/pg_essence.h"
#include "dialect/postgres/pg_keep.h"
#include "dialect/postgres/pg_ledger.h"
#include "dialect/postgres/pg_lint.h"
#include "dialect/postgres/pg_look.h"
#include "dialect/postgres/pg_name.h"
#include "dialect/postgres/pg_preview.h"
#include "dialect/postgres/pg_save.h"
#include "dialect/postgres/pg_scratch.h"
#include "dialect/postgres/pg_snapshot.h"
#include "dialect/postgres/pg_split.h"
#include "dialect/postgres/pg_survey.h"

static bool is_one_of(const amend_error *error, const char *const *states, size_t count)
{
    for (size_t i = 0; i < count; i++)
    {
        if (strcmp(error->sqlstate, states[i]) == 0)
        {
            return true;
        }
    }
    return false;
}

/* undefined_table, and invalid_schema_name when the table's schema is gone with it */
static bool missing_table(const amend_error *error)
{
    static const char *const states[] = {"42P01", "3F000"};
    return is_one_of(error, states, sizeof states / sizeof states[0]);
}

static bool not_null(const amend_error *error)
{
    static const char *const states[] = {"23502"};
    return is_one_of(error, states, sizeof states / sizeof states[0]);
}

/* "Does not exist" means done only for what drops: said of a CREATE INDEX, it is about its table. */
static bool already_done(const stmt *s, const amend_error *error)
{
    /* duplicate: object, table (and index), column, database, schema, function */
    static const char *const made[] = {"42710", "42P07", "42701", "42P04", "42P06", "42723"};
    /* undefined: object (and index), table, column, database, schema, function */
    static const char *const gone[] = {"42704", "42P01", "42703", "3D000", "3F000", "42883"};
    if ((s->flags & STMT_DROP) != 0)
    {
        return is_one_of(error, gone, sizeof gone / sizeof gone[0]);
    }
    return is_one_of(error, made, sizeof made / sizeof made[0]);
}

/*
 * lock_begin has a short lock_timeout: a runner that can't take the lock's row at once shall say for whom it waits, and not
 * block CREATE INDEX CONCURRENTLY with an open transaction. step_begin_early: the last commit of a message flushes those before
 * it, too.
 */
static const tx_words words = {
    .batch_begin = "",
    .batch_end = "",
    .batch_abort = "ROLLBACK;\n",
    .lock_begin = "BEGIN;\nSET LOCAL lock_timeout = 2000;\n",
    .lock_end = "COMMIT;\n",
    .step_begin = "BEGIN;\n",
    .step_begin_early = "BEGIN;\nSET LOCAL synchronous_commit = off;\n",
    .step_end = "COMMIT;\n",
    .step_abort = "ROLLBACK;\n",
};

const dialect dialect_postgres = {
    .name = "postgres",
    .traits = DIALECT_SERVER_HASH,
    .message_limit = 1 << 20,
    .words = &words,
    .split = pg_split,
    .missing_table = missing_table,
    .not_null = not_null,
    .already_done = already_done,
    .state = pg_look_state,
    .create = pg_ledger_create,
    .acquire = pg_ledger_acquire,
    .guard = pg_ledger_guard,
    .release = pg_ledger_release,
    .record = pg_ledger_record,
    .forget = pg_ledger_forget,
    .amend_checksum = pg_ledger_checksum,
    .event = pg_ledger_event,
    .events = pg_look_events,
    .keep_schema = pg_keep_schema,
    .kept_schema = pg_look_kept_schema,
    .reset_session = pg_ledger_reset_session,
    .invalid_index = pg_look_invalid_index,
    .drop_index = pg_ledger_drop_index,
    .survey_open = pg_survey_open,
    .survey_read = pg_survey_read,
    .survey_close = pg_survey_close,
    .lint = pg_lint,
    .detect = pg_detect,
    .mentions = pg_name_mentioned,
    .repeatable = pg_detect_repeatable,
    .parse_name = pg_name_parse,
    .snapshot = pg_snapshot,
    .snapshot_row = pg_snapshot_row,
    .essence = pg_essence,
    .preview_begin = pg_preview_begin,
    .preview_end = pg_preview_end,
    .measure = pg_preview_measure,
    .may_claim = pg_claim_may,
    .claims = pg_claim_read,
    .claim_look = pg_truth_look,
    .claim_row = pg_truth_row,
    .claim_build = pg_truth_build,
    .claim_hold = pg_truth_hold,
    .type_dependents = pg_truth_dependents,
    .enum_create = pg_truth_enum_create,
    .type_drop = pg_truth_type_drop,
    .deeds = pg_deed_list,
    .loss_look = pg_loss_look,
    .loss_found = pg_loss_found,
    .loss_count = pg_loss_count,
    .count_begin = PG_COUNT_BEGIN,
    .count_end = PG_COUNT_END,
    .scratch_left = pg_scratch_left,
    .scratch_make = pg_scratch_make,
    .scratch_drop = pg_scratch_drop,
    .scratch_clear = pg_scratch_clear,
    .saver = &pg_save,
};
