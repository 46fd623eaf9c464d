/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include "amend/lint.h"
#include "dotenv.h"
#include "duration.h"
#include "fault.h"
#include "file.h"
#include "inifile.h"
#include "secret.h"
#include "suggest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct load
{
    pool *pool;
    const arguments *args;
    amend_error *error;
    dotenv dotenv;
    inifile ini;
    const char *section; /* "" when none is chosen */
} load;

static amend_status settings_wrong(load *l, const setting *s, const char *message)
{
    amend_status status = fault_set(l->error, AMEND_E_SETTINGS, "%s", message);
    if (s->file != NULL)
    {
        fault_at(l->error, s->file, s->line);
    }
    return status;
}

/* A variable of the environment; an empty one counts as unset, since compose files and CI systems can't leave one out. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || *value == '\0' ? NULL : value;
}

/* ${NAME} and ${NAME:-default}; $${ stands for ${. A "$" before anything else is itself: passwords have it. */
static amend_status settings_expand(load *l, setting *s)
{
    const char *text = s->value, *open, *out = "";
    while ((open = strstr(text, "${")) != NULL)
    {
        if (open > text && open[-1] == '$')
        {
            out = pool_format(l->pool, "%s%.*s{", out, (int)(open - text), text);
            text = open + 2;
            continue;
        }
        const char *close = strchr(open, '}');
        if (close == NULL)
        {
            return settings_wrong(l, s, "\"${\" without its \"}\"");
        }
        const char *name = pool_copy(l->pool, open + 2, (size_t)(close - open - 2)), *otherwise = strstr(name, ":-");
        if (otherwise != NULL)
        {
            name = pool_copy(l->pool, name, (size_t)(otherwise - name));
        }
        const dotenv_entry *entry = dotenv_find(&l->dotenv, name);
        const char *value = variable(name);
        if (value == NULL)
        {
            value = entry != NULL && *entry->value != '\0' ? entry->value : otherwise == NULL ? NULL : otherwise + 2;
        }
        if (value == NULL)
        {
            amend_status status = settings_wrong(l, s, pool_format(l->pool, "the variable \"%s\" is not set", name));
            fault_hint(l->error, "Set it, or give a default: ${%s:-…}.", name);
            return status;
        }
        out = pool_format(l->pool, "%s%.*s%s", out, (int)(open - text), text, value);
        text = close + 1;
    }
    s->value = pool_format(l->pool, "%s%s", out, text);
    return AMEND_OK;
}

static bool from_flag(const load *l, const setting_row *row, setting *out)
{
    if (row->option == OPTIONS || !args_has(l->args, row->option))
    {
        return false;
    }
    *out = (setting){.value = l->args->values[row->option],
                     .source = pool_format(l->pool, "--%s", options_table[row->option].name)};
    return true;
}

static bool from_environment(const load *l, const setting_row *row, setting *out)
{
    for (size_t i = 0; i < 2 && row->variables[i] != NULL; i++)
    {
        const char *value = variable(row->variables[i]);
        if (value != NULL)
        {
            *out = (setting){.value = value, .source = pool_format(l->pool, "environment %s", row->variables[i])};
            return true;
        }
    }
    return false;
}

static bool from_dotenv(const load *l, const setting_row *row, setting *out, bool *literal)
{
    for (size_t i = 0; i < 2 && row->variables[i] != NULL; i++)
    {
        const dotenv_entry *entry = dotenv_find(&l->dotenv, row->variables[i]);
        if (entry != NULL && *entry->value != '\0')
        {
            *out = (setting){.value = entry->value, .file = ".env", .line = entry->line};
            out->source = pool_format(l->pool, ".env:%u %s", entry->line, row->variables[i]);
            *literal = entry->literal;
            return true;
        }
    }
    return false;
}

static bool from_ini(const load *l, const setting_row *row, setting *out)
{
    const inifile_entry *entry = *l->section == '\0' ? NULL : inifile_find(&l->ini, l->section, row->key);
    entry = entry == NULL ? inifile_find(&l->ini, "", row->key) : entry;
    if (entry == NULL)
    {
        return false;
    }
    *out = (setting){.value = entry->value, .file = l->ini.path, .line = entry->line};
    out->source = *entry->section == '\0' ? pool_format(l->pool, "%s:%u", l->ini.path, entry->line)
                                          : pool_format(l->pool, "%s:%u [%s]", l->ini.path, entry->line, entry->section);
    return true;
}

static bool is_lint_mode(const char *value)
{
    return strcmp(value, "off") == 0 || strcmp(value, "warn") == 0 || strcmp(value, "error") == 0;
}

static bool settings_switch(const char *value, bool *on)
{
    static const char *const words[][2] = {{"true", "false"}, {"1", "0"}, {"yes", "no"}, {"on", "off"}, {"", "false"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    {
        *on = strcasecmp(value, words[i][0]) == 0;
        if (*on || strcasecmp(value, words[i][1]) == 0)
        {
            return true;
        }
    }
    return false;
}

static amend_status resolve(load *l, setting_id id, setting *out)
{
    const setting_row *row = &settings_table[id];
    bool literal = false;
    if (!from_flag(l, row, out) && !from_environment(l, row, out))
    {
        if (from_dotenv(l, row, out, &literal) || from_ini(l, row, out))
        {
            amend_status status = literal ? AMEND_OK : settings_expand(l, out);
            if (status != AMEND_OK)
            {
                return status;
            }
        }
        else
        {
            *out = (setting){.value = row->value, .source = row->value == NULL ? "not set" : "default"};
        }
    }
    if (id == SETTING_LINT && !is_lint_mode(out->value))
    {
        return settings_wrong(
            l, out,
            pool_format(l->pool, "lint (%s) is off, warn or error, not \"%s\"", out->source, secret_mask(l->pool, out->value)));
    }
    out->shown = out->value == NULL || row->kind != SETTING_SECRET ? out->value : secret_mask(l->pool, out->value);
    if (row->kind == SETTING_SWITCH && !settings_switch(out->value, &out->on))
    {
        return settings_wrong(
            l, out, pool_format(l->pool, "%s (%s): \"%s\" is neither true nor false", row->key, out->source, out->value));
    }
    if (row->kind == SETTING_TIME)
    {
        const char *what = duration_parse(out->value, &out->ms);
        if (what == NULL && id == SETTING_LEASE && out->ms < 1000)
        {
            what = "is too short: the least is 1s";
        }
        if (what != NULL)
        {
            const char *value = secret_mask(l->pool, out->value);
            return settings_wrong(l, out, pool_format(l->pool, "%s (%s): \"%s\" %s", row->key, out->source, value, what));
        }
    }
    return AMEND_OK;
}

static amend_status unknown_key(load *l, const inifile_entry *entry)
{
    suggestion near = {.word = entry->key};
    const char *keys = "";
    for (size_t i = 0; i < SETTINGS; i++)
    {
        suggest_consider(&near, settings_table[i].key);
        keys = pool_format(l->pool, "%s%s%s", keys, i == 0 ? "" : i + 1 == SETTINGS ? " and " : ", ", settings_table[i].key);
    }
    amend_status status = fault_set(l->error, AMEND_E_SETTINGS, "no setting \"%s\"", secret_mask(l->pool, entry->key));
    fault_at(l->error, l->ini.path, entry->line);
    if (near.best != NULL)
    {
        fault_hint(l->error, "Did you mean \"%s\"?", near.best);
    }
    else
    {
        fault_hint(l->error, "The settings are %s.", keys);
    }
    return status;
}

/* [lint] is no environment: its keys are rules, its values severities. */
static bool is_lint(const char *section)
{
    return strcmp(section, "lint") == 0;
}

static amend_status read_rule(load *l, const inifile_entry *entry, settings *out)
{
    static const char *const severities[] = {"off", "note", "warning", "error"};
    const amend_lint_rule *rule = amend_lint_rule_find(entry->key);
    if (rule == NULL)
    {
        suggestion near = {.word = entry->key};
        for (size_t i = 0; amend_lint_rule_at(i) != NULL; i++)
        {
            suggest_consider(&near, amend_lint_rule_at(i)->name);
        }
        amend_status status = fault_set(l->error, AMEND_E_SETTINGS, "no lint rule \"%s\"", secret_mask(l->pool, entry->key));
        fault_at(l->error, l->ini.path, entry->line);
        fault_hint(l->error, near.best == NULL ? "\"amend explain\" lists the rules.%s" : "Did you mean \"%s\"?",
                   near.best == NULL ? "" : near.best);
        return status;
    }
    for (size_t i = 0; i < sizeof severities / sizeof severities[0]; i++)
    {
        if (strcmp(severities[i], entry->value) == 0)
        {
            out->lint = pool_grow(l->pool, out->lint, out->lint_count, sizeof *out->lint);
            out->lint[out->lint_count++] = (amend_lint_setting){.rule = rule->name, .severity = (amend_severity)i};
            return AMEND_OK;
        }
    }
    amend_status status = fault_set(l->error, AMEND_E_SETTINGS, "\"%s\" is error, warning, note or off, not \"%s\"", rule->name,
                                    secret_mask(l->pool, entry->value));
    fault_at(l->error, l->ini.path, entry->line);
    return status;
}

static amend_status read_lint(load *l, settings *out)
{
    amend_status status = AMEND_OK;
    for (size_t i = 0; i < l->ini.count && status == AMEND_OK; i++)
    {
        status = is_lint(l->ini.entries[i].section) ? read_rule(l, &l->ini.entries[i], out) : AMEND_OK;
    }
    return status;
}

static amend_status check_keys(load *l)
{
    for (size_t i = 0; i < l->ini.count; i++)
    {
        const inifile_entry *entry = &l->ini.entries[i];
        if (is_lint(entry->section))
        {
            continue;
        }
        size_t known = 0;
        while (known < SETTINGS && strcmp(settings_table[known].key, entry->key) != 0)
        {
            known++;
        }
        if (known == SETTINGS)
        {
            return unknown_key(l, entry);
        }
        if (known == SETTING_ENV && *entry->section != '\0')
        {
            amend_status status = fault_set(l->error, AMEND_E_SETTINGS, "\"env\" inside a section");
            fault_at(l->error, l->ini.path, entry->line);
            fault_hint(l->error, "It chooses the section: write it at the top of the file.");
            return status;
        }
    }
    return AMEND_OK;
}

/* amend.ini may be absent; a file that was named may not. */
static amend_status read_ini(load *l)
{
    const char *path = l->args->values[OPTION_CONFIG], *source = "--config";
    if (path == NULL)
    {
        path = variable("AMEND_CONFIG");
        source = "environment AMEND_CONFIG";
    }
    bool named = path != NULL;
    path = named ? path : "amend.ini";
    const char *text = file_read(l->pool, path);
    if (text == NULL && (named || errno != ENOENT))
    {
        amend_status status = fault_set(l->error, AMEND_E_SETTINGS, "can't read \"%s\": %s", path, strerror(errno));
        fault_hint(l->error,
                   named ? "%s names it; check the path and the file's permissions."
                         : "Check the file's permissions, or name another with --config.",
                   source);
        return status;
    }
    amend_status status = inifile_parse(l->pool, path, text == NULL ? "" : text, &l->ini, l->error);
    return status != AMEND_OK ? status : check_keys(l);
}

static amend_status no_section(load *l, const setting *env)
{
    suggestion near = {.word = env->value};
    const char *names = "";
    for (size_t i = 0; i < l->ini.section_count; i++)
    {
        if (is_lint(l->ini.sections[i]))
        {
            continue;
        }
        suggest_consider(&near, l->ini.sections[i]);
        names = pool_format(l->pool, "%s%s%s", names, *names == '\0' ? "" : ", ", l->ini.sections[i]);
    }
    amend_status status = settings_wrong(
        l, env, pool_format(l->pool, "%s has no section [%s] (asked for by %s)", l->ini.path, env->value, env->source));
    if (near.best != NULL)
    {
        fault_hint(l->error, "Did you mean \"%s\"?", near.best);
    }
    else
    {
        fault_hint(l->error, *names == '\0' ? "%s has no sections at all, or is not there." : "%s has the sections %s.",
                   l->ini.path, names);
    }
    return status;
}

/* Find the environment, and its section of amend.ini. */
static amend_status choose_section(load *l, setting *env)
{
    l->section = "";
    amend_status status = resolve(l, SETTING_ENV, env);
    if (status != AMEND_OK || env->value == NULL)
    {
        return status;
    }
    for (size_t i = 0; i < l->ini.section_count; i++)
    {
        if (strcmp(l->ini.sections[i], env->value) == 0 && !is_lint(env->value))
        {
            l->section = env->value;
            return AMEND_OK;
        }
    }
    /* In a container AMEND_ENV is often set where no amend.ini is; asked for by a flag or by the file itself, it must be there.
     */
    bool may_lack = env->file == NULL && !args_has(l->args, OPTION_ENV) && l->ini.count == 0 && l->ini.section_count == 0;
    return may_lack ? AMEND_OK : no_section(l, env);
}

/* --env production, and yet another database than that section's: right by the rules, but seldom what was meant. */
static const char *overruled(load *l, const settings *s)
{
    const setting *url = &s->items[SETTING_URL];
    const inifile_entry *entry = *l->section == '\0' ? NULL : inifile_find(&l->ini, l->section, "url");
    bool flags = !args_has(l->args, OPTION_ENV) || args_has(l->args, OPTION_URL);
    if (flags || entry == NULL || strcmp(url->value, entry->value) == 0 || url->file == l->ini.path)
    {
        return NULL;
    }
    return pool_format(l->pool, "the database comes from %s, not from [%s] in %s:%u", url->source, l->section, l->ini.path,
                       entry->line);
}

amend_status settings_load(pool *p, const arguments *args, settings *out, amend_error *error)
{
    load l = {.pool = p, .args = args, .error = error};
    *out = (settings){0};
    const char *text = file_read(p, ".env");
    if (text == NULL && errno != ENOENT && errno != EISDIR)
    {
        return fault_set(error, AMEND_E_SETTINGS, "can't read \".env\": %s", strerror(errno));
    }
    dotenv_parse(p, text == NULL ? "" : text, &l.dotenv);
    amend_status status = read_ini(&l);
    if (status != AMEND_OK)
    {
        return status;
    }
    status = read_lint(&l, out);
    if (status == AMEND_OK)
    {
        status = choose_section(&l, &out->items[SETTING_ENV]);
    }
    for (size_t i = 0; i < SETTINGS && status == AMEND_OK; i++)
    {
        status = i == SETTING_ENV ? AMEND_OK : resolve(&l, (setting_id)i, &out->items[i]);
    }
    if (status == AMEND_OK)
    {
        out->warning = overruled(&l, out);
    }
    return status;
}

void settings_apply(const settings *s, amend_options *options)
{
    options->url = s->items[SETTING_URL].value;
    options->dir = s->items[SETTING_DIR].value;
    options->lint = s->lint;
    options->lint_count = s->lint_count;
    options->application = s->items[SETTING_APPLICATION].value;
    options->actor = s->items[SETTING_ACTOR].value;
    options->connect_timeout_ms = s->items[SETTING_CONNECT_TIMEOUT].ms;
    options->lock_timeout_ms = s->items[SETTING_LOCK_TIMEOUT].ms;
    options->lock_wait_ms = s->items[SETTING_LOCK_WAIT].ms;
    options->lease_ms = s->items[SETTING_LEASE].ms;
}
