/* SPDX-License-Identifier: MIT */
#include "events.h"

#include "amend/lint.h"
#include "diagnose.h"
#include "json.h"
#include "print.h"
#include "width.h"

/* "applied 003 heartbeats (12 ms)" */
static void done(cli *c, const amend_event *event, const char *verb, style s)
{
    if (!cli_speaks(c))
    {
        return;
    }
    progress_clear(&c->progress);
    printf("%s%s%s %s", look_on(&c->out, s), verb, look_off(&c->out, s), event->version == NULL ? "" : event->version);
    if (event->name != NULL)
    {
        printf(" %s", width_clean(&c->pool, event->name));
    }
    if (event->type == AMEND_EVENT_MIGRATION_APPLIED || event->type == AMEND_EVENT_MIGRATION_ROLLED_BACK)
    {
        printf(" %s(%s)%s", look_on(&c->out, STYLE_DIM), print_duration(&c->pool, event->elapsed_ms),
               look_off(&c->out, STYLE_DIM));
    }
    fputc('\n', stdout);
    fflush(stdout);
}

static void remark(cli *c, const amend_event *event, amend_severity severity)
{
    const char *message = event->message == NULL ? event->type_name : event->message;
    if (event->version != NULL && event->type == AMEND_EVENT_NOTICE)
    {
        print_note(c, severity, "%s (%s)", message, event->version);
    }
    else
    {
        print_note(c, severity, "%s", message);
    }
}

/* What is said only with --verbose. */
static void aside(cli *c, const amend_event *event)
{
    if (!c->verbose)
    {
        return;
    }
    if (event->message != NULL)
    {
        print_note(c, AMEND_INFO, "%s", event->message);
    }
    else if (event->statement > 0)
    {
        print_note(c, AMEND_INFO, "%s: %s, statement %u", event->type_name, event->version == NULL ? "" : event->version,
                   event->statement);
    }
    else if (event->version != NULL)
    {
        print_note(c, AMEND_INFO, "%s: %s %s", event->type_name, event->version, event->name == NULL ? "" : event->name);
    }
}

/* As the report's problems are printed, but before anything runs; the safe form once for each rule. */
static void found(cli *c, const amend_event *event)
{
    json_t *detail = event->detail == NULL ? NULL : json_loads(event->detail, 0, NULL);
    const char *name = json_string_value(json_object_get(detail, "rule"));
    const amend_lint_rule *rule = name == NULL ? NULL : amend_lint_rule_find(name);
    amend_problem problem = {.severity = AMEND_WARNING,
                             .code = AMEND_E_LINT,
                             .version = event->version,
                             .file = event->file,
                             .line = (unsigned)json_integer_value(json_object_get(detail, "line")),
                             .message = event->message,
                             .hint = rule == NULL ? NULL : rule->safe};
    if (!c->quiet)
    {
        progress_clear(&c->progress);
        fflush(stdout);
        diagnose_problem(stderr, &c->err, &c->pool, &problem, c->found == NULL || rule == NULL || c->found != rule->name);
    }
    c->found = rule == NULL ? "" : rule->name;
    json_decref(detail);
}

static void lasting(cli *c, const amend_event *event)
{
    /* The first word on a lock comes at once: who holds it is worth knowing before ten seconds are over. */
    bool first = event->type == AMEND_EVENT_LOCK_WAITING && c->progress.last_ms == 0 && !c->err.terminal;
    if (first)
    {
        remark(c, event, AMEND_NOTE);
    }
    progress_show(&c->progress, &c->pool, event);
}

void events_handle(void *arg, const amend_event *event)
{
    cli *c = arg;
    if (c->stream)
    {
        /* The last line is the command's own: it has the summary. */
        if (event->type != AMEND_EVENT_RUN_FINISHED && !c->quiet)
        {
            json_print(json_event(event));
        }
        return;
    }
    switch (event->type)
    {
    case AMEND_EVENT_MIGRATION_APPLIED:
        done(c, event, "applied", STYLE_GREEN);
        break;
    case AMEND_EVENT_MIGRATION_ROLLED_BACK:
        done(c, event, "rolled back", STYLE_YELLOW);
        break;
    case AMEND_EVENT_MIGRATION_BASELINED:
        done(c, event, "recorded", STYLE_GREEN);
        break;
    case AMEND_EVENT_MIGRATION_REPAIRED:
        done(c, event, "accepted", STYLE_GREEN);
        break;
    case AMEND_EVENT_MIGRATION_PROGRESS:
    case AMEND_EVENT_LOCK_WAITING:
        lasting(c, event);
        break;
    case AMEND_EVENT_CONNECT_RETRY:
    case AMEND_EVENT_LOCK_TAKEN_OVER:
    case AMEND_EVENT_LOCK_RETRY:
    case AMEND_EVENT_DATA_LOST:
    case AMEND_EVENT_INDEX_REBUILT:
        remark(c, event, AMEND_WARNING);
        break;
    case AMEND_EVENT_LINT_FOUND:
        found(c, event);
        break;
    case AMEND_EVENT_BACKUP_MADE:
    case AMEND_EVENT_BACKUP_RESTORED:
    case AMEND_EVENT_NOTICE:
        remark(c, event, event->severity == AMEND_WARNING ? AMEND_WARNING : AMEND_NOTE);
        break;
    case AMEND_EVENT_MIGRATION_FAILED:
    case AMEND_EVENT_MIGRATION_SKIPPED:
    case AMEND_EVENT_WARNING:
    case AMEND_EVENT_RUN_FINISHED:
        /* The error, the report's problems or the summary say it. */
        break;
    default:
        aside(c, event);
        break;
    }
}
