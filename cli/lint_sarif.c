/* SPDX-License-Identifier: MIT */
#include "json.h"
#include "lint_print.h"

#include <string.h>

static const char *sarif_level(amend_severity severity)
{
    static const char *const levels[] = {"none", "note", "warning", "error"};
    return levels[severity];
}

static json_t *sarif_text(const char *text)
{
    json_t *out = json_object();
    json_object_set_new(out, "text", json_words(text));
    return out;
}

/* A path as a URI reference (RFC 3986): what is neither unreserved nor a slash is percent-encoded. */
static const char *sarif_uri(pool *p, const char *path)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    static const char digits[] = "0123456789ABCDEF";
    char *out = pool_alloc(p, strlen(path) * 3 + 1), *at = out;
    path += strncmp(path, "./", 2) == 0 ? 2 : 0;
    bool absolute = *path == '/';
    for (; *path != '\0'; path++)
    {
        if (strchr(plain, *path) != NULL)
        {
            *at++ = *path;
            continue;
        }
        *at++ = '%';
        *at++ = digits[(unsigned char)*path >> 4];
        *at++ = digits[(unsigned char)*path & 15];
    }
    return absolute ? pool_format(p, "file://%s", out) : out;
}

static json_t *sarif_rule(pool *p, const amend_lint_rule *rule)
{
    json_t *out = json_object(), *configuration = json_object(), *help;
    json_add(out, "id", lint_code(p, rule));
    json_add(out, "name", rule->name);
    json_object_set_new(out, "shortDescription", sarif_text(rule->title));
    json_object_set_new(out, "fullDescription", sarif_text(pool_format(p, "%s %s", rule->why, rule->scale)));
    help = sarif_text(pool_format(p, "%s\n\nSafe: %s", rule->why, rule->safe));
    json_add(help, "markdown",
             pool_format(p, "%s\n\n%s\n\n**Safe:** %s\n\nAccept it with `-- amend:allow %s \"why\"`.", rule->why, rule->scale,
                         rule->safe, rule->name));
    json_object_set_new(out, "help", help);
    json_object_set_new(configuration, "enabled", json_boolean(rule->severity != AMEND_INFO));
    json_add(configuration, "level", sarif_level(rule->severity));
    json_object_set_new(out, "defaultConfiguration", configuration);
    return out;
}

static json_t *sarif_location(pool *p, const amend_lint_finding *f)
{
    json_t *out = json_object(), *place = json_object(), *artifact = json_object(), *region = json_object();
    json_add(artifact, "uri", sarif_uri(p, f->file));
    json_object_set_new(place, "artifactLocation", artifact);
    json_add_number(region, "startLine", f->line == 0 ? 1 : f->line);
    json_add_number(region, "startColumn", f->column == 0 ? 1 : f->column);
    if (*f->excerpt != '\0')
    {
        json_object_set_new(region, "snippet", sarif_text(f->excerpt));
    }
    json_object_set_new(place, "region", region);
    json_object_set_new(out, "physicalLocation", place);
    return out;
}

static json_t *sarif_result(pool *p, const amend_lint_finding *f, size_t index)
{
    json_t *out = json_object(), *locations = json_array();
    json_add(out, "ruleId", lint_code(p, f->rule));
    json_add_number(out, "ruleIndex", (int64_t)index);
    json_add(out, "level", sarif_level(f->severity));
    json_object_set_new(out, "message", sarif_text(f->message));
    json_array_append_new(locations, sarif_location(p, f));
    json_object_set_new(out, "locations", locations);
    return out;
}

json_t *lint_sarif(pool *p, const amend_lint_report *report)
{
    json_t *out = json_object(), *runs = json_array(), *run = json_object(), *tool = json_object(), *driver = json_object();
    json_t *rules = json_array(), *results = json_array();
    for (size_t i = 0; amend_lint_rule_at(i) != NULL; i++)
    {
        json_array_append_new(rules, sarif_rule(p, amend_lint_rule_at(i)));
    }
    for (size_t i = 0; i < report->finding_count; i++)
    {
        size_t index = 0;
        while (amend_lint_rule_at(index) != report->findings[i].rule)
        {
            index++;
        }
        json_array_append_new(results, sarif_result(p, &report->findings[i], index));
    }
    json_add(driver, "name", "amend");
    json_add(driver, "semanticVersion", amend_version());
    json_object_set_new(driver, "rules", rules);
    json_object_set_new(tool, "driver", driver);
    json_object_set_new(run, "tool", tool);
    json_add(run, "columnKind", "unicodeCodePoints");
    json_object_set_new(run, "results", results);
    json_array_append_new(runs, run);
    json_add(out, "$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json");
    json_add(out, "version", "2.1.0");
    json_object_set_new(out, "runs", runs);
    return out;
}
