/* SPDX-License-Identifier: MIT */
/*
 * SQLite's dialect. Steps are savepoints of one outer transaction: a commit costs an fsync, a savepoint nothing.
 *
 * foreign_keys can only be set outside a transaction, and PRAGMA takes no expression, so the words can't put back what was
 * there. The driver does: a piece that changes the setting and then opens a transaction changes it for as long as that
 * transaction.
 */
#include "dialect/dialects.h"
#include "dialect/sqlite/check.h"
#include "dialect/sqlite/claim.h"
#include "dialect/sqlite/deed.h"
#include "dialect/sqlite/detect.h"
#include "dialect/sqlite/lexeme.h"
#include "dialect/sqlite/lint.h"
#include "dialect/sqlite/preview.h"
#include "dialect/sqlite/query.h"
#include "dialect/sqlite/snapshot.h"
#include "dialect/sqlite/split.h"
#include "dialect/sqlite/survey.h"
#include "dialect/sqlite/write.h"

#include <sqlite3.h>

static const tx_words sqlite_words = {
    .batch_begin = "BEGIN IMMEDIATE;\n",
    .batch_end = "COMMIT;\n",
    .batch_begin_rebuild = "PRAGMA foreign_keys = OFF;\nBEGIN IMMEDIATE;\n",
    .batch_end_rebuild = "COMMIT;\n",
    .batch_abort = "ROLLBACK;\n",
    .lock_begin = "",
    .lock_end = "",
    .step_begin = "SAVEPOINT amend_step;\n",
    .step_end = "RELEASE amend_step;\n",
    .step_abort = "ROLLBACK TO amend_step;\nRELEASE amend_step;\n",
};

/* No *_rebuild: foreign keys can't be switched off inside a transaction. */
static const tx_words sqlite_words_inside = {
    .batch_begin = "SAVEPOINT amend_cure;\n",
    .batch_end = "RELEASE amend_cure;\n",
    .batch_abort = "ROLLBACK TO amend_cure;\nRELEASE amend_cure;\n",
    .lock_begin = "",
    .lock_end = "",
    .step_begin = "SAVEPOINT amend_step;\n",
    .step_end = "RELEASE amend_step;\n",
    .step_abort = "ROLLBACK TO amend_step;\nRELEASE amend_step;\n",
};

static bool sqlite_missing_table(const amend_error *error)
{
    return strncmp(error->message, "no such table: ", 15) == 0;
}

static bool sqlite_not_null(const amend_error *error)
{
    return error->native == SQLITE_CONSTRAINT_NOTNULL;
}

/* Is this what the message names, as name, schema.name or "name"? */
static bool sqlite_is_name_of(slice text, slice object)
{
    if (text.len > 1 && text.data[0] == '"' && text.data[text.len - 1] == '"')
    {
        text = slice_sub(text, 1, text.len - 1);
    }
    if (object.len == 0 || text.len < object.len)
    {
        return false;
    }
    size_t before = text.len - object.len;
    return slice_equal_nocase(slice_sub(text, before, text.len), object) && (before == 0 || text.data[before - 1] == '.');
}

/*
 * "no such …" must be about the very thing that the statement drops or renames: a CREATE INDEX on a table that isn't there has
 * not been done.
 */
static bool sqlite_already_done(const stmt *s, const amend_error *error)
{
    slice text = slice_of(error->message);
    if (slice_starts(text, SLICE("no such ")) || slice_starts(text, SLICE("duplicate column name: ")))
    {
        slice_token(&text, ':');
        return sqlite_is_name_of(slice_trim(text), s->object);
    }
    return s->object.len > 0 && slice_ends(text, SLICE(" already exists"));
}

const dialect dialect_sqlite = {
    .name = "sqlite",
    .traits = DIALECT_OUTER_TX | DIALECT_NAMES_NOCASE,
    .message_limit = 0,
    .words = &sqlite_words,
    .words_inside = &sqlite_words_inside,
    .split = sqlite_split,
    .missing_table = sqlite_missing_table,
    .not_null = sqlite_not_null,
    .already_done = sqlite_already_done,
    .state = sqlite_write_state,
    .create = sqlite_write_create,
    .acquire = sqlite_write_acquire,
    .guard = sqlite_write_guard,
    .release = sqlite_write_release,
    .record = sqlite_write_record,
    .forget = sqlite_write_forget,
    .amend_checksum = sqlite_write_checksum,
    .event = sqlite_write_event,
    .events = sqlite_write_events,
    .keep_schema = sqlite_write_keep_schema,
    .kept_schema = sqlite_write_kept_schema,
    .reset_session = sqlite_write_reset,
    .check_begin = sqlite_check_begin,
    .check_end = sqlite_check_end,
    .detect = sqlite_detect,
    .mentions = sqlite_mentions,
    .repeatable = sqlite_repeatable,
    .parse_name = sqlite_parse_name,
    .may_claim = sqlite_claim_may,
    .claims = sqlite_claim_read,
    .claim_look = sqlite_claim_look,
    .claim_row = sqlite_claim_row,
    .claim_facts = sqlite_claim_facts,
    .claim_hold = sqlite_claim_hold,
    .survey_open = sqlite_survey_open,
    .survey_read = sqlite_survey_read,
    .survey_close = sqlite_survey_close,
    .copy_to = sqlite_preview_copy,
    .measure = sqlite_preview_measure,
    .lint = sqlite_lint,
    .snapshot = sqlite_snapshot,
    .snapshot_row = sqlite_snapshot_row,
    .essence = sqlite_essence,
    .deeds = sqlite_deed_list,
    .loss_look = sqlite_loss_look,
    .loss_found = sqlite_loss_found,
    .loss_count = sqlite_loss_count,
    .count_begin = "",
    .count_end = "",
};
