/* SPDX-License-Identifier: MIT */
/*
 * The migrations are run in order on a database in memory, only what makes, alters or drops objects: rows, settings and
 * transactions are left out. SQLite itself says what a statement is about (its authorizer hears of it) and whether the schema
 * changed; then the one table at hand is looked at, never the whole schema, so that the cost grows with the scripts alone.
 *
 * A statement that fails here is passed over: it may depend on what was left out, and its own run will tell. What an
 * application would have registered (functions, collations, modules) is not known here; stand-ins take their place.
 *
 * Nothing reaches a file: the database and all that is temporary is in memory, ATTACH and load_extension() are refused. Nothing
 * runs for long or grows without end: steps and pages are limited.
 */
#include "dialect/sqlite/survey.h"

#include "base/alloc.h"
#include "base/error.h"
#include "dialect/sqlite/lint_parse.h"
#include "dialect/sqlite/survey_store.h"
#include "dialect/sqlite/token.h"

enum
{
    SURVEY_OBJECTS = 24,    /* statements in one database, before a new one takes its place */
    SURVEY_STEPS = 1000,    /* of SQLite's machine, between two calls of the progress handler … */
    SURVEY_PATIENCE = 1000, /* … and so many of those for one statement */
    SURVEY_STAND_INS = 16,  /* for one statement */
};

struct survey
{
    const amend_allocator *allocator;
    sqlite3 *db;
    sqlite3_stmt *version;
    sqlite3_stmt *triggers;
    int schema;         /* SQLite's count of schema changes */
    unsigned objects;   /* at most so many are in the database */
    bool temporary;     /* some are in temp */
    sqlite_store store; /* the others */
    int patience;
    arena *arena;
    sqlint_memory lint;
    sqlite_action *heard; /* NULL: not listening */
    bool failed;          /* out of memory */
};

typedef struct sqlite_surveying
{
    survey *survey;
    const script *script;
    findings *out;
    size_t statement;
} sqlite_surveying;

/* --------------------------------------------------------------------------------------------------------- the database */

static slice survey_copy(survey *s, slice text)
{
    char *copy = arena_copy(s->arena, text);
    s->failed |= copy == NULL;
    return (slice){copy, copy == NULL ? 0 : text.len};
}

/* The actions on objects: whether it is in temp, and which of the two arguments is the table (0: neither, 1, 2). */
static const struct
{
    int code, plain;
    bool temporary;
    int table;
} survey_actions[] = {
    {SQLITE_CREATE_TABLE, SQLITE_CREATE_TABLE, false, 1},
    {SQLITE_CREATE_TEMP_TABLE, SQLITE_CREATE_TABLE, true, 1},
    {SQLITE_CREATE_VTABLE, SQLITE_CREATE_VTABLE, false, 1},
    {SQLITE_CREATE_VIEW, SQLITE_CREATE_VIEW, false, 1},
    {SQLITE_CREATE_TEMP_VIEW, SQLITE_CREATE_VIEW, true, 1},
    {SQLITE_CREATE_INDEX, SQLITE_CREATE_INDEX, false, 2},
    {SQLITE_CREATE_TEMP_INDEX, SQLITE_CREATE_INDEX, true, 2},
    {SQLITE_CREATE_TRIGGER, SQLITE_CREATE_TRIGGER, false, 2},
    {SQLITE_CREATE_TEMP_TRIGGER, SQLITE_CREATE_TRIGGER, true, 2},
    {SQLITE_DROP_TABLE, SQLITE_DROP_TABLE, false, 1},
    {SQLITE_DROP_TEMP_TABLE, SQLITE_DROP_TABLE, true, 1},
    {SQLITE_DROP_VTABLE, SQLITE_DROP_TABLE, false, 1},
    {SQLITE_DROP_VIEW, SQLITE_DROP_VIEW, false, 1},
    {SQLITE_DROP_TEMP_VIEW, SQLITE_DROP_VIEW, true, 1},
    {SQLITE_DROP_INDEX, SQLITE_DROP_INDEX, false, 2},
    {SQLITE_DROP_TEMP_INDEX, SQLITE_DROP_INDEX, true, 2},
    {SQLITE_DROP_TRIGGER, SQLITE_DROP_TRIGGER, false, 2},
    {SQLITE_DROP_TEMP_TRIGGER, SQLITE_DROP_TRIGGER, true, 2},
    {SQLITE_ALTER_TABLE, SQLITE_ALTER_TABLE, false, 2},
};

/* The first action on an object is the statement's own; what follows are its consequences. */
static void survey_hear(survey *s, int code, const char *first, const char *second)
{
    for (size_t i = 0; i < sizeof survey_actions / sizeof survey_actions[0]; i++)
    {
        if (survey_actions[i].code == code)
        {
            const char *table = survey_actions[i].table == 1 ? first : second;
            const char *name = code == SQLITE_ALTER_TABLE ? second : first;
            bool temp = code == SQLITE_ALTER_TABLE && first != NULL && sqlite3_stricmp(first, "temp") == 0;
            *s->heard = (sqlite_action){.code = survey_actions[i].plain,
                                        .name = survey_copy(s, slice_of(name)),
                                        .table = survey_copy(s, slice_of(table)),
                                        .temporary = survey_actions[i].temporary || temp};
            return;
        }
    }
}

static int survey_authorize(void *arg, int code, const char *first, const char *second, const char *database,
                            const char *within)
{
    survey *s = arg;
    (void)database, (void)within;
    if (code == SQLITE_ATTACH || code == SQLITE_DETACH ||
        (code == SQLITE_FUNCTION && second != NULL && sqlite3_stricmp(second, "load_extension") == 0))
    {
        return SQLITE_DENY;
    }
    if (s->heard != NULL && s->heard->code == 0)
    {
        survey_hear(s, code, first, second);
    }
    return SQLITE_OK;
}

static int survey_progress(void *arg)
{
    survey *s = arg;
    return --s->patience < 0;
}

static int survey_compare(void *arg, int a_len, const void *a, int b_len, const void *b)
{
    (void)arg;
    int order = memcmp(a, b, (size_t)(a_len < b_len ? a_len : b_len));
    return order != 0 ? order : a_len - b_len;
}

static void survey_collation(void *arg, sqlite3 *db, int encoding, const char *name)
{
    (void)arg, (void)encoding;
    sqlite3_create_collation(db, name, SQLITE_UTF8, NULL, survey_compare);
}

static void survey_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count, (void)values;
    sqlite3_result_null(context);
}

/* "no such function: x" and "unknown function: x()": make it, and try again. */
static bool survey_stand_in(survey *s, const char *message)
{
    slice text = slice_of(message), name = text;
    bool known = slice_starts(text, SLICE("no such function: ")) || slice_starts(text, SLICE("unknown function: "));
    if (!known)
    {
        return false;
    }
    slice_token(&name, ':');
    name = slice_trim(name);
    name.len -= slice_ends(name, SLICE("()")) ? 2 : 0;
    const char *copy = survey_copy(s, name).data;
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
    return copy != NULL && sqlite3_create_function(s->db, copy, -1, flags, NULL, survey_function, NULL, NULL) == SQLITE_OK;
}

/* Did the schema change since the last call? */
static bool survey_changed(survey *s)
{
    int now = sqlite3_step(s->version) == SQLITE_ROW ? sqlite3_column_int(s->version, 0) : s->schema;
    s->failed |= sqlite3_reset(s->version) == SQLITE_NOMEM;
    bool changed = now != s->schema;
    s->schema = now;
    return changed;
}

/* A view is read as late as here, and may use functions, too. */
static sqlite_table survey_look(survey *s, slice name)
{
    sqlite_table table = {0};
    for (int i = 0; i < SURVEY_STAND_INS; i++)
    {
        s->failed |= !sqlite_table_look(s->db, s->arena, name, &table);
        if (table.columns.count > 0 || s->failed || !survey_stand_in(s, sqlite3_errmsg(s->db)))
        {
            break;
        }
    }
    return table;
}

/* ------------------------------------------------------------------------------------------------------------- changes */

static void survey_note(sqlite_surveying *r, change_kind kind, amend_object_kind object, slice table, slice name, slice to)
{
    findings *f = r->out;
    change *grown = arena_grow(r->survey->arena, f->changes, f->change_count, sizeof *grown);
    if (grown == NULL)
    {
        r->survey->failed = true;
        return;
    }
    f->changes = grown;
    f->changes[f->change_count++] = (change){.kind = kind,
                                             .object = object,
                                             .schema = {"", 0},
                                             .table = table,
                                             .name = name,
                                             .to_schema = {"", 0},
                                             .to = to,
                                             .statement = r->statement};
}

static const slice survey_none = {"", 0};

static void survey_add(sqlite_surveying *r, amend_object_kind object, slice table, slice name)
{
    survey_note(r, CHANGE_ADD, object, table, name, survey_none);
}

static void survey_drop(sqlite_surveying *r, amend_object_kind object, slice table, slice name)
{
    survey_note(r, CHANGE_DROP, object, table, name, survey_none);
}

static void survey_uniques(sqlite_surveying *r, slice table, const sqlite_names *before, const sqlite_names *after)
{
    for (size_t i = 0; i < before->count; i++)
    {
        if (!sqlite_names_have(after, before->names[i]))
        {
            survey_drop(r, AMEND_OBJECT_UNIQUE, table, before->names[i]);
        }
    }
    for (size_t i = 0; i < after->count; i++)
    {
        if (!sqlite_names_have(before, after->names[i]))
        {
            survey_add(r, AMEND_OBJECT_UNIQUE, table, after->names[i]);
        }
    }
}

/* An ALTER adds one at the end, takes one away, or gives one another name. */
static void survey_columns(sqlite_surveying *r, slice table, const sqlite_names *before, const sqlite_names *after)
{
    for (size_t i = 0, k = 0; i < before->count || k < after->count; i++, k++)
    {
        bool both = i < before->count && k < after->count;
        if (both && slice_equal(before->names[i], after->names[k]))
        {
            continue;
        }
        if (before->count == after->count)
        {
            survey_note(r, CHANGE_RENAME, AMEND_OBJECT_COLUMN, table, before->names[i], after->names[k]);
        }
        else if (i < before->count)
        {
            survey_drop(r, AMEND_OBJECT_COLUMN, table, before->names[i]);
            k--;
        }
        else
        {
            survey_add(r, AMEND_OBJECT_COLUMN, table, after->names[k]);
        }
    }
}

static void survey_created(sqlite_surveying *r, amend_object_kind kind, slice name)
{
    survey_add(r, kind, survey_none, name);
    const sqlite_table none = {0}, made = survey_look(r->survey, name);
    survey_columns(r, name, &none.columns, &made.columns);
    survey_uniques(r, name, &none.uniques, &made.uniques);
}

/* The new name, when it is a RENAME TO. */
static slice survey_new_name(survey *s, slice text)
{
    sqlite_token token = sqlite_token_next(text, 0), before = token, verb = token;
    for (; token.kind != SQLITE_TOKEN_END && token.kind != SQLITE_TOKEN_SEMICOLON; token = sqlite_token_next(text, token.end))
    {
        if (sqlite_token_is(text, token, SLICE("TO")) && sqlite_token_is(text, before, SLICE("RENAME")))
        {
            verb = token;
            break;
        }
        before = token;
    }
    if (verb.start == 0)
    {
        return survey_none;
    }
    slice name = sqlite_token_name(s->arena, text, sqlite_token_next(text, verb.end));
    s->failed |= name.data == NULL;
    return name;
}

static void survey_altered(sqlite_surveying *r, slice text, slice table, const sqlite_table *before)
{
    slice to = survey_new_name(r->survey, text);
    if (to.len > 0)
    {
        survey_note(r, CHANGE_RENAME, AMEND_OBJECT_TABLE, survey_none, table, to);
        return;
    }
    const sqlite_table after = survey_look(r->survey, table);
    survey_columns(r, table, &before->columns, &after.columns);
    survey_uniques(r, table, &before->uniques, &after.uniques);
}

static void survey_indexed(sqlite_surveying *r, const sqlite_action *action, const sqlite_table *before)
{
    bool made = action->code == SQLITE_CREATE_INDEX;
    survey_note(r, made ? CHANGE_ADD : CHANGE_DROP, AMEND_OBJECT_INDEX, action->table, action->name, survey_none);
    const sqlite_table after = survey_look(r->survey, action->table);
    survey_uniques(r, action->table, &before->uniques, &after.uniques);
}

/* A statement ran, and the schema is another. */
static void survey_changes(sqlite_surveying *r, slice text, const sqlite_action *action, const sqlite_table *before)
{
    switch (action->code)
    {
    case SQLITE_CREATE_TABLE:
    case SQLITE_CREATE_VTABLE:
        survey_created(r, AMEND_OBJECT_TABLE, action->name);
        break;
    case SQLITE_CREATE_VIEW:
        survey_created(r, AMEND_OBJECT_VIEW, action->name);
        break;
    case SQLITE_CREATE_TRIGGER:
        survey_add(r, AMEND_OBJECT_TRIGGER, action->table, action->name);
        break;
    case SQLITE_DROP_TABLE:
        survey_drop(r, AMEND_OBJECT_TABLE, survey_none, action->name);
        break;
    case SQLITE_DROP_VIEW:
        survey_drop(r, AMEND_OBJECT_VIEW, survey_none, action->name);
        break;
    case SQLITE_DROP_TRIGGER:
        survey_drop(r, AMEND_OBJECT_TRIGGER, action->table, action->name);
        break;
    case SQLITE_CREATE_INDEX:
    case SQLITE_DROP_INDEX:
        survey_indexed(r, action, before);
        break;
    default:
        survey_altered(r, text, action->table, before);
    }
}

/* ------------------------------------------------------------------------------------------------------------- running */

/* A module that isn't here: a table of its name takes its place, so that it can be renamed and dropped. */
static bool survey_stand_in_table(survey *s, const sqlite_action *action)
{
    if (action->code != SQLITE_CREATE_VTABLE || !slice_starts(slice_of(sqlite3_errmsg(s->db)), SLICE("no such module: ")))
    {
        return false;
    }
    char *sql = sqlite3_mprintf("CREATE TABLE main.\"%.*w\"(\"\")", (int)action->name.len, action->name.data);
    int code = sql == NULL ? SQLITE_NOMEM : sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    sqlite3_free(sql);
    s->failed |= code == SQLITE_NOMEM;
    return code == SQLITE_OK;
}

/* Prepare, and hear what it is about; once more when a function was missing. NULL: SQLite refuses it. */
static sqlite3_stmt *survey_prepare(survey *s, slice text, sqlite_action *action)
{
    sqlite3_stmt *prepared = NULL;
    for (int i = 0; i < SURVEY_STAND_INS; i++)
    {
        *action = (sqlite_action){.code = 0};
        s->heard = action;
        int code = sqlite3_prepare_v2(s->db, text.data, (int)text.len, &prepared, NULL);
        s->heard = NULL;
        s->failed |= code == SQLITE_NOMEM;
        if (code == SQLITE_OK || s->failed || !survey_stand_in(s, sqlite3_errmsg(s->db)))
        {
            break;
        }
    }
    return prepared;
}

/* SQLite expands * in views and prepares virtual tables only when they are used: a function may be missed as late as here. */
static int survey_step(survey *s, sqlite3_stmt *prepared)
{
    int code = SQLITE_ERROR;
    for (int i = 0; i < SURVEY_STAND_INS; i++)
    {
        s->patience = SURVEY_PATIENCE;
        do
        {
            code = sqlite3_step(prepared);
        }
        while (code == SQLITE_ROW);
        s->patience = SURVEY_PATIENCE;
        s->failed |= code == SQLITE_NOMEM;
        if (code == SQLITE_DONE || s->failed || !survey_stand_in(s, sqlite3_errmsg(s->db)))
        {
            break;
        }
        sqlite3_reset(prepared);
    }
    return code;
}

static bool survey_connect(survey *s)
{
    int flags =
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    static const char settings[] = "PRAGMA temp_store = MEMORY; PRAGMA max_page_count = 16384; PRAGMA foreign_keys = OFF";
    s->version = NULL;
    s->triggers = NULL;
    s->objects = 0;
    s->schema = 0;
    s->temporary = false;
    s->patience = SURVEY_PATIENCE;
    if (sqlite3_open_v2(":memory:", &s->db, flags, NULL) != SQLITE_OK ||
        sqlite3_exec(s->db, settings, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(s->db, "PRAGMA main.schema_version", -1, &s->version, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(s->db, SQLITE_TRIGGERS_QUERY, -1, &s->triggers, NULL) != SQLITE_OK)
    {
        return false;
    }
    sqlite3_limit(s->db, SQLITE_LIMIT_ATTACHED, 0);
    sqlite3_collation_needed(s->db, NULL, survey_collation);
    sqlite3_set_authorizer(s->db, survey_authorize, s);
    sqlite3_progress_handler(s->db, SURVEY_STEPS, survey_progress, s);
    return true;
}

static void survey_disconnect(survey *s)
{
    sqlite3_finalize(s->version);
    sqlite3_finalize(s->triggers);
    sqlite3_close(s->db);
    s->version = NULL;
    s->triggers = NULL;
    s->db = NULL;
}

/* Put all objects aside, and go on with an empty database; what is in temp is gone. */
static void survey_swap(survey *s)
{
    sqlite_store_fill(&s->store, s->db);
    survey_disconnect(s);
    s->failed |= s->store.failed || !survey_connect(s);
}

/* Bring back what the statement names. */
static void survey_recall(survey *s, slice text)
{
    size_t count;
    slice *texts = sqlite_store_take(&s->store, text, &count);
    s->failed |= s->store.failed;
    for (size_t i = 0; i < count && !s->failed; i++)
    {
        sqlite_action action;
        sqlite3_stmt *prepared = survey_prepare(s, texts[i], &action);
        if (prepared != NULL)
        {
            survey_step(s, prepared);
        }
        sqlite3_finalize(prepared);
        s->objects++;
    }
    if (count > 0 && !s->failed)
    {
        survey_changed(s);
    }
}

static bool survey_is_schema(slice text)
{
    sqlite_token first = sqlite_token_next(text, 0);
    return sqlite_token_is(text, first, SLICE("CREATE")) || sqlite_token_is(text, first, SLICE("ALTER")) ||
           sqlite_token_is(text, first, SLICE("DROP"));
}

/*
 * An ALTER looks at all views and triggers, and fails for one that lacks something: here, what was put aside or passed over. So
 * it is run once more without them.
 */
static int survey_step_alone(survey *s, sqlite3_stmt *prepared)
{
    static const char list[] =
        "SELECT 'DROP ' || type || ' main.\"' || replace(name, '\"', '\"\"') || '\"', sql FROM main.sqlite_master"
        " WHERE type IN ('trigger', 'view') ORDER BY type, rowid";
    sqlite_names drop = {0}, create = {0};
    if (!sqlite_look_pairs(s->db, s->arena, list, &drop, &create))
    {
        s->failed = true;
        return SQLITE_NOMEM;
    }
    for (size_t i = 0; i < drop.count; i++)
    {
        sqlite3_exec(s->db, drop.names[i].data, NULL, NULL, NULL);
    }
    sqlite3_reset(prepared);
    int code = survey_step(s, prepared);
    for (size_t i = create.count; i > 0; i--)
    {
        sqlite3_exec(s->db, create.names[i - 1].data, NULL, NULL, NULL);
    }
    return code;
}

/* Run it if it is about the schema, and note what that did. */
static void survey_run(sqlite_surveying *r, slice text, sqlite_action *action)
{
    survey *s = r->survey;
    *action = (sqlite_action){.code = 0};
    if (!survey_is_schema(text) || text.len > INT32_MAX)
    {
        return;
    }
    if (s->objects >= SURVEY_OBJECTS && !s->temporary)
    {
        survey_swap(s);
    }
    if (!s->failed)
    {
        survey_recall(s, text);
    }
    sqlite3_stmt *prepared = s->failed ? NULL : survey_prepare(s, text, action);
    s->temporary |= action->temporary;
    s->objects++;
    if (prepared == NULL || s->failed)
    {
        sqlite3_finalize(prepared);
        return;
    }
    sqlite_table before = {0};
    bool compares =
        action->code == SQLITE_ALTER_TABLE || action->code == SQLITE_CREATE_INDEX || action->code == SQLITE_DROP_INDEX;
    if (compares && !action->temporary)
    {
        before = survey_look(s, action->table);
    }
    int code = survey_step(s, prepared);
    if (code != SQLITE_DONE && !s->failed && action->code == SQLITE_ALTER_TABLE)
    {
        code = survey_step_alone(s, prepared);
    }
    bool done = code == SQLITE_DONE || survey_stand_in_table(s, action);
    sqlite3_finalize(prepared);
    bool changed = survey_changed(s);
    if (done && changed && !action->temporary && !s->failed && action->code != 0)
    {
        survey_changes(r, text, action, &before);
    }
}

static void survey_object(sqlite_surveying *r, const objection *found)
{
    findings *f = r->out;
    objection *grown = arena_grow(r->survey->arena, f->objections, f->objection_count, sizeof *grown);
    if (grown == NULL)
    {
        r->survey->failed = true;
        return;
    }
    f->objections = grown;
    f->objections[f->objection_count] = *found;
    f->objections[f->objection_count++].statement = r->statement;
}

/* Judge it, and what the triggers do that it fires. */
static void survey_judge(sqlite_surveying *r, sqlite_made *made, slice text, const sqlite_action *action)
{
    survey *s = r->survey;
    const sqlite_judged verdict = sqlite_judge(made, text, &r->script->stmts[r->statement], action);
    if (verdict.objects)
    {
        survey_object(r, &verdict.objection);
    }
    sqlite_triggers triggers = {.find = s->triggers, .store = &s->store};
    sqlite_names lost = {0};
    if (verdict.changed.len > 0)
    {
        s->failed |= !sqlite_triggers_lose(&triggers, s->arena, verdict.changed, verdict.replaces, &lost);
    }
    for (size_t i = 0; i < lost.count && !s->failed; i++)
    {
        if (!sqlite_names_have(&made->names, lost.names[i]))
        {
            survey_object(r, &(objection){.kind = OBJECTION_CHANGES_DATA, .schema = survey_none, .table = lost.names[i]});
        }
    }
}

/* What the changes from `from` on make is the script's own. */
static void survey_own(const findings *f, size_t from, sqlite_made *made)
{
    for (size_t i = from; i < f->change_count; i++)
    {
        const change *c = &f->changes[i];
        bool table = c->object == AMEND_OBJECT_TABLE || c->object == AMEND_OBJECT_VIEW;
        if (table && c->kind == CHANGE_ADD)
        {
            sqlite_made_add(made, c->name);
        }
        if (table && c->kind == CHANGE_RENAME && sqlite_names_have(&made->names, c->name))
        {
            sqlite_made_add(made, c->to);
        }
    }
}

amend_status sqlite_survey_read(survey *s, arena *a, const script *script, findings *out, amend_error *error)
{
    findings found = {0};
    sqlite_surveying r = {.survey = s, .script = script, .out = &found};
    sqlite_made made = {.arena = a};
    s->arena = a;
    s->failed = false;
    if (s->temporary)
    {
        survey_swap(s); /* a migration's temporary objects are its own */
    }
    for (; r.statement < script->count && !s->failed && !made.failed; r.statement++)
    {
        const stmt *statement = &script->stmts[r.statement];
        slice text = slice_sub(script->text, statement->start, statement->end);
        size_t from = found.change_count;
        sqlite_action action;
        survey_run(&r, text, &action);
        if (!s->failed)
        {
            survey_judge(&r, &made, text, &action);
        }
        survey_own(&found, from, &made);
        if (action.temporary && action.code == SQLITE_CREATE_TABLE)
        {
            sqlite_made_add(&made, action.name);
        }
    }
    s->arena = NULL;
    if (s->failed || made.failed)
    {
        return error_memory(error);
    }
    *out = found;
    return AMEND_OK;
}

amend_status sqlite_survey_open(const amend_allocator *allocator, survey **out, amend_error *error)
{
    survey *s = alloc_zeroed(allocator, 1, sizeof *s);
    if (s == NULL)
    {
        return error_memory(error);
    }
    s->allocator = allocator;
    s->store.arena = arena_new(allocator);
    if (s->store.arena == NULL || !survey_connect(s))
    {
        sqlite_survey_close(s);
        return error_memory(error);
    }
    *out = s;
    return AMEND_OK;
}

sqlint_memory *sqlite_survey_memory(survey *s)
{
    s->lint.arena = s->store.arena;
    return &s->lint;
}

void sqlite_survey_close(survey *s)
{
    if (s != NULL)
    {
        survey_disconnect(s);
        arena_free(s->store.arena);
        alloc_free(s->allocator, s, sizeof *s);
    }
}
