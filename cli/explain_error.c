/* SPDX-License-Identifier: MIT */
#include "explain_error.h"

#include "fault.h"
#include "file.h"
#include "json.h"
#include "object.h"
#include "pasted.h"
#include "print.h"
#include "run.h"
#include "width.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What it comes to; the names are JSON's. */
#define VERDICTS(X)                                                                                                            \
    X(UNRELATED, "unrelated") /* not about a missing object */                                                                 \
    X(UNKNOWN, "unknown")     /* no migration provides it */                                                                   \
    X(DRIFT, "drift")         /* the migration is applied */                                                                   \
    X(OFF, "off")             /* the policy */                                                                                 \
    X(REPORT, "report")       /* the policy */                                                                                 \
    X(REFUSED, "refused")     /* by the policy, or the plan can't be carried out */                                            \
    X(CURE, "cure")

typedef enum verdict
{
#define VERDICT(name, text) VERDICT_##name,
    VERDICTS(VERDICT)
#undef VERDICT
} verdict;

/* All that is known in the end. */
typedef struct explained
{
    amend_db_error given;
    amend_healing healing;
    amend_report *report;
    verdict verdict;
} explained;

/* ------------------------------------------------------------------------------------------------------------ arguments */

static amend_status explain_check(const cli *c, amend_error *error)
{
    static const option_id details[] = {OPTION_SQLSTATE, OPTION_QUERY, OPTION_POSITION};
    for (size_t i = 0; i < sizeof details / sizeof details[0]; i++)
    {
        if (args_has(&c->args, details[i]) && !args_has(&c->args, OPTION_ERROR))
        {
            amend_status status = fault_set(error, AMEND_E_OPTION, "--%s needs --error", options_table[details[i]].name);
            fault_hint(error, "Write: amend explain --error TEXT --%s %s", options_table[details[i]].name,
                       options_table[details[i]].value);
            return status;
        }
    }
    if (c->args.operand_count > 0)
    {
        amend_status status = fault_set(error, AMEND_E_OPTION, "a code and --error exclude each other");
        fault_hint(error, "Write the error's text in quotes: amend explain --error \"no such table: cards\"");
        return status;
    }
    const char *state = c->args.values[OPTION_SQLSTATE];
    if (state != NULL && (strlen(state) != 5 || strspn(state, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5))
    {
        amend_status status = fault_set(error, AMEND_E_OPTION, "\"%s\" is not an SQLSTATE", state);
        fault_hint(error, "It has five digits and capital letters, such as 42P01.");
        return status;
    }
    return AMEND_OK;
}

static amend_status explain_text(cli *c, const char **text, amend_error *error)
{
    *text = c->args.values[OPTION_ERROR];
    if (strcmp(*text, "-") == 0)
    {
        *text = file_read(&c->pool, "/dev/stdin");
    }
    return *text != NULL ? AMEND_OK : fault_set(error, AMEND_E_FILE_READ, "can't read standard input: %s", strerror(errno));
}

/* What was pasted, and over it what the options say. */
static amend_status explain_given(cli *c, amend_db_error *out, amend_error *error)
{
    const char *text = NULL, *query = c->args.values[OPTION_QUERY], *state = c->args.values[OPTION_SQLSTATE];
    uint32_t position = 0;
    amend_status status = args_number(&c->args, OPTION_POSITION, &position, error);
    if (status == AMEND_OK)
    {
        status = explain_text(c, &text, error);
    }
    if (status != AMEND_OK)
    {
        return status;
    }
    pasted p = pasted_read(&c->pool, text);
    size_t place = p.sqlstate == NULL && state == NULL && p.offset > 0 ? p.offset : p.position;
    *out = (amend_db_error)AMEND_DB_ERROR_INIT;
    out->message = p.message;
    out->sqlstate = state == NULL ? p.sqlstate : state;
    out->native = out->sqlstate == NULL ? 1 : 0; /* SQLITE_ERROR */
    out->query = query == NULL ? p.query : query;
    out->position = position > 0 ? position : query == NULL ? place : 0;
    return AMEND_OK;
}

/* ------------------------------------------------------------------------------------------------------------- verdict */

/* As the library reads it; additive is its default. */
static const char *explain_policy(void)
{
    const char *given = getenv("AMEND_HEAL");
    return given == NULL || *given == '\0' ? "additive" : given;
}

static bool explain_has_conflict(const amend_report *r)
{
    for (size_t i = 0; i < r->problem_count; i++)
    {
        if (r->problems[i].severity == AMEND_ERROR)
        {
            return true;
        }
    }
    return false;
}

static verdict explain_judge(const explained *e)
{
    if (e->healing.object.kind == AMEND_OBJECT_NONE)
    {
        return VERDICT_UNRELATED;
    }
    if (e->healing.version[0] == '\0')
    {
        return VERDICT_UNKNOWN;
    }
    switch (e->healing.cure)
    {
    case AMEND_CURE_NONE:
        return VERDICT_OFF;
    case AMEND_CURE_DRIFT:
        return VERDICT_DRIFT;
    case AMEND_CURE_DONE:
        return VERDICT_CURE;
    default:
        return explain_has_conflict(e->report) ? VERDICT_REFUSED : VERDICT_REPORT;
    }
}

/* 'table "cards"' */
static const char *explain_object(pool *p, const amend_object *object)
{
    if (*object->name == '\0' && object->count > 0)
    {
        return pool_format(p, "table \"%s\" with %u columns", object_name(p, object), object->count);
    }
    return pool_format(p, "%s \"%s\"", amend_object_kind_name(object->kind), object_name(p, object));
}

static amend_status explain_unrelated(const explained *e, amend_error *error)
{
    amend_status status = fault_set(error, AMEND_E_HEAL_UNRELATED, "healing does nothing about \"%s\"", e->given.message);
    bool postgres = e->report->dialect != NULL && strcmp(e->report->dialect, "postgres") == 0;
    if (postgres && e->given.sqlstate == NULL)
    {
        fault_hint(error, "PostgreSQL's errors are told by their SQLSTATE: add it with --sqlstate.");
    }
    else if (!postgres && e->given.sqlstate != NULL)
    {
        fault_hint(error, "It has an SQLSTATE, %s, as PostgreSQL's errors do, but the database is SQLite.", e->given.sqlstate);
    }
    return status;
}

/* A handle without a URL doesn't know the kind of SQL; the error has told it. */
static const char *explain_nearest(cli *c, const explained *e)
{
    if (c->settings.items[SETTING_URL].value != NULL)
    {
        return object_nearest(c->handle, &c->pool, e->healing.object.name);
    }
    amend_options options = AMEND_OPTIONS_INIT;
    settings_apply(&c->settings, &options);
    options.url = strcmp(e->report->dialect, "postgres") == 0 ? "postgres://" : "sqlite:";
    amend *handle = NULL;
    const char *near =
        amend_open(&options, &handle, NULL) == AMEND_OK ? object_nearest(handle, &c->pool, e->healing.object.name) : NULL;
    amend_close(handle);
    return near;
}

static amend_status explain_unknown(cli *c, const explained *e, amend_error *error)
{
    const amend_object *object = &e->healing.object;
    const char *near = explain_nearest(c, e);
    amend_status status =
        fault_set(error, AMEND_E_HEAL_UNKNOWN, "no migration provides the %s", explain_object(&c->pool, object));
    if (near != NULL)
    {
        fault_hint(error, "Did you mean the %s? \"amend provides\" lists all.", near);
    }
    return status;
}

/* The verdict as an error; AMEND_OK when it would be cured. */
static amend_status explain_fault(cli *c, const explained *e, amend_error *error)
{
    const amend_healing *h = &e->healing;
    switch (e->verdict)
    {
    case VERDICT_UNRELATED:
        return explain_unrelated(e, error);
    case VERDICT_UNKNOWN:
        return explain_unknown(c, e, error);
    case VERDICT_DRIFT:
        fault_set(error, AMEND_E_HEAL_DRIFT, "%s %s is applied, but the %s is missing", h->version, h->name,
                  explain_object(&c->pool, &h->object));
        break;
    case VERDICT_OFF:
        fault_set(error, AMEND_E_HEAL_REFUSED, "healing is off: %s %s would not be applied", h->version, h->name);
        fault_hint(error, "AMEND_HEAL is set in this environment; a program goes by its own. \"amend up\" applies it.");
        break;
    case VERDICT_REPORT:
        fault_set(error, AMEND_E_HEAL_REFUSED, "healing only reports: %s %s would not be applied", h->version, h->name);
        fault_hint(error, "AMEND_HEAL is set in this environment; a program goes by its own. \"amend up\" applies it.");
        break;
    case VERDICT_REFUSED:
        return run_judge(e->report, error);
    case VERDICT_CURE:
        return AMEND_OK;
    }
    snprintf(error->version, sizeof error->version, "%s", h->version);
    fault_at(error, h->file, 0);
    return error->status;
}

/* ------------------------------------------------------------------------------------------------------------ printing */

static json_t *explain_json(const explained *e)
{
    static const char *const names[] = {
#define VERDICT(name, text) [VERDICT_##name] = (text),
        VERDICTS(VERDICT)
#undef VERDICT
    };
    json_t *out = json_report("explain", e->report), *given = json_object();
    json_add(out, "verdict", names[e->verdict]);
    json_add(out, "policy", explain_policy());
    json_add(given, "message", e->given.message);
    json_add(given, "sqlstate", e->given.sqlstate);
    json_add(given, "query", e->given.query);
    if (e->given.position > 0)
    {
        json_add_number(given, "position", (int64_t)e->given.position);
    }
    json_object_set_new(out, "given", given);
    if (e->verdict != VERDICT_UNRELATED)
    {
        json_object_set_new(out, "object", object_json(&e->healing.object));
    }
    if (e->healing.version[0] != '\0')
    {
        json_t *migration = json_object();
        json_add(migration, "version", e->healing.version);
        json_add(migration, "name", e->healing.name);
        json_add(migration, "file", e->healing.file);
        json_object_set_new(out, "migration", migration);
    }
    return out;
}

static void explain_print_json(cli *c, const explained *e, const amend_error *failed)
{
    json_t *out = explain_json(e);
    if (failed != NULL)
    {
        json_object_set_new(out, "error", json_error(failed));
        c->told = true;
    }
    json_print(out);
}

static void explain_steps(cli *c, const amend_report *r)
{
    static const table_column columns[] = {
        {"STEP", TABLE_RIGHT}, {"VERSION", 0}, {"NAME", TABLE_SHRINKS}, {"FILE", TABLE_SHRINKS}};
    table t;
    table_init(&t, &c->pool, columns, 4);
    for (size_t i = 0; i < r->item_count; i++)
    {
        const amend_item *item = &r->items[i];
        table_add(&t, (table_cell[]){{pool_format(&c->pool, "%zu", i + 1), STYLE_PLAIN},
                                     {item->version, STYLE_PLAIN},
                                     {item->name, STYLE_PLAIN},
                                     {item->file, STYLE_DIM}});
    }
    print_table(c, &t);
}

/* The policy's own word. What the plan says against it is an error, and printed behind this. */
static void explain_words(cli *c, const explained *e)
{
    pool *p = &c->pool;
    const amend_healing *h = &e->healing;
    if (e->verdict == VERDICT_UNRELATED)
    {
        return;
    }
    print_line(c, STYLE_PLAIN, "missing: %s", width_clean(p, explain_object(p, &h->object)));
    if (e->verdict == VERDICT_UNKNOWN)
    {
        return;
    }
    print_line(c, STYLE_PLAIN, "provided by: %s %s (%s)", h->version, width_clean(p, h->name), width_clean(p, h->file));
    if (e->report->item_count > 0)
    {
        explain_steps(c, e->report);
    }
    if (e->verdict == VERDICT_CURE)
    {
        print_line(c, STYLE_GREEN, "would be cured: %s, then the query again (policy: %s)",
                   print_count(p, e->report->item_count, "migration"), explain_policy());
    }
    else
    {
        print_line(c, STYLE_BOLD, "would not be cured (policy: %s)", explain_policy());
    }
}

static amend_status explain_tell(cli *c, const explained *e, amend_error *error)
{
    amend_status status = explain_fault(c, e, error);
    const amend_error *failed = status == AMEND_OK ? NULL : error;
    if (c->json)
    {
        explain_print_json(c, e, failed);
        return status;
    }
    explain_words(c, e);
    if (e->healing.version[0] != '\0' && c->settings.items[SETTING_URL].value == NULL)
    {
        print_note(c, AMEND_NOTE, "no database given: all migrations count as pending");
    }
    if (e->verdict != VERDICT_OFF) /* which looks at nothing else */
    {
        print_problems(c, e->report, failed);
    }
    return status;
}

amend_status explain_error(cli *c, amend_error *error)
{
    explained e = {0};
    amend_status status = explain_check(c, error);
    if (status == AMEND_OK)
    {
        status = explain_given(c, &e.given, error);
    }
    if (status == AMEND_OK)
    {
        status = settings_load(&c->pool, &c->args, &c->settings, error);
    }
    if (status == AMEND_OK)
    {
        status = cli_open(c, error);
    }
    if (status == AMEND_OK)
    {
        status = amend_diagnose(c->handle, &e.given, &e.healing, &e.report, error);
    }
    progress_clear(&c->progress);
    if (e.report == NULL)
    {
        return status;
    }
    e.verdict = explain_judge(&e);
    status = explain_tell(c, &e, error);
    amend_report_free(e.report);
    return status;
}
