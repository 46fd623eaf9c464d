/* SPDX-License-Identifier: MIT */
/* The whole way on SQLite, by one thread; test_threads.c has several. */
#include "heal/harness.h"

#include "driver/sqlite/borrow.h"
#include "support/testing.h"

#include <stdio.h>
#include <unistd.h>

static int setup(void **state)
{
    static harness h;
    harness_make(&h);
    harness_write(&h, "001_cards.sql", "CREATE TABLE cards (id);");
    harness_write(&h, "002_title.sql", "ALTER TABLE cards ADD COLUMN title;");
    harness_write(&h, "003_decks.sql", "CREATE TABLE decks (id);");
    *state = &h;
    return 0;
}

static int teardown(void **state)
{
    harness_remove(*state);
    return 0;
}

static void expect_told_line(harness *h, const char *words)
{
    if (strstr(h->told, words) == NULL)
    {
        fail_msg("\"%s\" is not in:\n%s", words, h->told);
    }
}

#define APPLIED "migration.started migration.applied"
#define VERSIONS "SELECT version FROM _migrations ORDER BY version"

/* ------------------------------------------------------------------------------------------------------------- cured */

static void test_cured(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 1);
    assert_int_equal(h->healing.object.kind, AMEND_OBJECT_TABLE);
    assert_string_equal(h->healing.object.name, "cards");
    assert_string_equal(h->healing.version, "001");
    assert_string_equal(h->healing.name, "cards");
    assert_non_null(strstr(h->healing.file, "001_cards.sql"));
    harness_expect_told(h, "heal.started run.started " APPLIED " run.finished heal.cured");
    expect_told_line(h, "heal.started 001: no such table: cards: applying 001\n");
    expect_told_line(h, "heal.cured 001: no such table: cards: cured in ");
    expect_told_line(h, ", 1 applied\n");
    assert_string_equal(harness_query(h, VERSIONS), "001\n");
    assert_string_equal(harness_query(h, "SELECT detail LIKE '%\"healed\":\"no such table: cards\"%' FROM _migration_events"),
                        "1\n");
    assert_string_equal(harness_query(h, "SELECT count(*) FROM _migrations_lock WHERE holder IS NOT NULL"), "0\n");
}

/* With no dependencies given, all up to it is needed. */
static void test_cured_with_what_comes_before(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such column: title"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 2);
    expect_told_line(h, "heal.started 002: no such column: title: applying 002 and what it depends on\n");
    assert_string_equal(harness_query(h, VERSIONS), "001\n002\n");
}

/* With them, only what it depends on, in their order, and also when something newer is applied. */
static void test_cured_with_what_it_depends_on(void **state)
{
    harness *h = *state;
    harness_write(h, "004_art.sql", "-- amend:depends 001\nCREATE TABLE art (id);");
    harness_write(h, "005_look.sql", "-- amend:depends 004\nCREATE TABLE look (id);");
    harness_expect(h, harness_heal(h, "no such table: look"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 3);
    assert_string_equal(harness_query(h, VERSIONS), "001\n004\n005\n");
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 2);
    assert_string_equal(harness_query(h, VERSIONS), "001\n002\n003\n004\n005\n");
}

/* Not about a missing object, or of an object that no migration makes. */
static void test_none(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "near \"SELEC\": syntax error"), AMEND_CURE_NONE);
    assert_int_equal(h->healing.object.kind, AMEND_OBJECT_NONE);
    assert_null(h->healer.knowledge); /* nothing was read for it */
    harness_expect(h, harness_heal(h, "no such table: nobodys"), AMEND_CURE_NONE);
    assert_int_equal(h->healing.object.kind, AMEND_OBJECT_TABLE);
    assert_string_equal(h->healing.version, "");
    harness_expect_told(h, "");
}

static void test_off(void **state)
{
    harness *h = *state;
    h->healer.policy = AMEND_HEAL_OFF;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_NONE);
    assert_int_equal(h->healing.object.kind, AMEND_OBJECT_NONE);
    h->healer.policy = AMEND_HEAL_ADDITIVE;
    h->healer.session.dialect = NULL; /* a handle without a database */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_NONE);
}

static void test_compiled_in(void **state)
{
    static const amend_file files[] = {{"001_a.sql", "CREATE TABLE a (x);", 19}};
    harness *h = *state;
    h->healer.files = files;
    h->healer.file_count = 1;
    harness_expect(h, harness_heal(h, "no such table: a"), AMEND_CURE_DONE);
    harness_age(h, 5000); /* looked at anew, and found the same */
    const knowledge *k = h->healer.knowledge;
    harness_expect(h, harness_heal(h, "no such table: b"), AMEND_CURE_NONE);
    assert_ptr_equal(h->healer.knowledge, k);
}

/* --------------------------------------------------------------------------------------------------- applied already */

/* Somebody else's cure is as good as ours: the query is worth one more try. After that it is drift. */
static void test_cured_by_another_meanwhile(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    harness_again(h, h->healer.session.allocator);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 0);
    harness_expect_told(h, "heal.cured");
}

/* Who failed before the cure comes after it: no need to look at the database again. */
static void test_a_late_failure(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_age(h, -3600000);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 0);
    harness_expect_told(h, "");
}

static void test_drift(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_query(h, "DROP TABLE cards");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DRIFT);
    assert_int_equal(h->error.code, AMEND_E_HEAL_DRIFT);
    assert_string_equal(h->error.version, "001");
    assert_string_equal(h->error.object, "cards");
    assert_string_equal(h->error.message, "001 cards is applied, but the table it provides is missing");
    harness_expect_told(h, "heal.drift");
    /* known for a while, */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DRIFT);
    assert_int_equal(h->error.code, AMEND_E_HEAL_DRIFT);
    harness_expect_told(h, "");
    /* and told again after that. */
    harness_age(h, h->healer.cooldown_ms);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DRIFT);
    harness_expect_told(h, "heal.drift");
}

/* Who tells how far the operation has come need not be quick: a thread may wait long for its processor. */
static void test_an_operation_that_tells(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_age(h, 3000000);
    h->cured = "";
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    h->cured = "003";
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    h->cured = "001";
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DRIFT);
    harness_expect_told(h, "heal.drift");
    h->cured = ""; /* known for a while, */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DRIFT);
    harness_expect_told(h, "");
    harness_age(h, h->healer.cooldown_ms); /* and looked at again after that. */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
}

/* Rolled back by hand: it is pending again, whatever is remembered. */
static void test_applied_again(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_query(h, "DROP TABLE cards; DELETE FROM _migrations");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 1);
    harness_query(h, "DROP TABLE cards; DELETE FROM _migrations");
    harness_age(h, 1); /* right after its cure, too */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 1);
}

/* ----------------------------------------------------------------------------------------------------------- refused */

static void test_refused(void **state)
{
    harness *h = *state;
    harness_write(h, "002_title.sql", "ALTER TABLE cards ADD COLUMN title;\nUPDATE cards SET title = '';");
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_REFUSED);
    assert_int_equal(h->error.code, AMEND_E_HEAL_REFUSED);
    assert_int_equal(h->error.status, AMEND_REFUSED);
    assert_string_equal(h->error.version, "002");
    assert_int_equal(h->error.line, 2);
    assert_non_null(strstr(h->error.file, "002_title.sql"));
    assert_ptr_equal(strstr(h->error.message, "changes-data: 002 title is not run by itself"), h->error.message);
    assert_int_equal(h->healing.applied, 0);
    assert_string_equal(h->healing.version, "003");
    harness_expect_told(h, "heal.refused");
    expect_told_line(h, "heal.refused 003: no such table: decks: not cured: changes-data: 002 title");
    assert_string_equal(harness_query(h, VERSIONS), "001\n");
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_REFUSED);
    harness_expect_told(h, "");
    harness_again(h, h->healer.session.allocator);
    h->healer.policy = AMEND_HEAL_ALL;
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 2);
}

/* Where files and history disagree, nothing runs by itself either. */
static void test_conflict(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_write(h, "001_cards.sql", "CREATE TABLE cards (id INTEGER);");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_REFUSED);
    assert_int_equal(h->error.code, AMEND_E_CHECKSUM);
    assert_string_equal(h->error.version, "001");
    harness_expect_told(h, "heal.refused");
    assert_string_equal(harness_query(h, VERSIONS), "001\n");
}

/* Without dependencies given, the order of numbers means something. */
static void test_out_of_order(void **state)
{
    harness *h = *state;
    harness_unlink(h, "002_title.sql");
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    harness_write(h, "002_title.sql", "ALTER TABLE cards ADD COLUMN title;");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such column: title"), AMEND_CURE_REFUSED);
    assert_int_equal(h->error.code, AMEND_E_OUT_OF_ORDER);
}

static void test_report(void **state)
{
    harness *h = *state;
    h->healer.policy = AMEND_HEAL_REPORT;
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_REFUSED);
    assert_int_equal(h->error.code, AMEND_E_HEAL_REFUSED);
    assert_string_equal(h->error.message, "003 decks would be applied, but the policy is to report only");
    harness_expect_told(h, "heal.reported");
    expect_told_line(h, "heal.reported 003: no such table: decks: not cured: 003 decks would be applied");
    assert_int_equal(access(h->database, F_OK), -1);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_REFUSED);
    harness_expect_told(h, "");
    /* What would be refused is told just so. */
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);\nDELETE FROM cards;\nDROP TABLE other;");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_REFUSED);
    expect_told_line(h, "heal.reported 003: no such table: decks: not cured: drops: 003 decks");
    /* Applied by hand. */
    harness_again(h, h->healer.session.allocator);
    h->healer.policy = AMEND_HEAL_ALL;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_again(h, h->healer.session.allocator);
    h->healer.policy = AMEND_HEAL_REPORT;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DRIFT);
}

/* ------------------------------------------------------------------------------------------------------------- failed */

static void test_failed(void **state)
{
    harness *h = *state;
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);\nCREATE INDEX i ON nowhere (id);");
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_STATEMENT);
    assert_string_equal(h->error.version, "003");
    assert_int_equal(h->error.line, 2);
    assert_int_equal(h->healing.applied, 2);
    harness_expect_told(h, "heal.started run.started migration.started migration.started migration.started migration.applied "
                           "migration.applied migration.failed run.finished heal.failed");
    assert_string_equal(harness_query(h, VERSIONS), "001\n002\n");
    assert_string_equal(harness_query(h, "SELECT count(*) FROM sqlite_schema WHERE name = 'decks'"), "0\n");
    /* Not tried again for a while, with the same error; */
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.line, 2);
    harness_expect_told(h, "");
    /* what else is missing is cured; */
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    /* after the cool-down it is; */
    harness_age(h, h->healer.cooldown_ms);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->count[AMEND_EVENT_MIGRATION_FAILED], 1);
    /* and when its file is another one. */
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 1);
}

/* The files are looked at again after a second at the latest; before that, the run itself sees that one has changed. */
static void test_file_changes_under_the_knowledge(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id, name);");
    pthread_mutex_lock(&h->healer.mutex);
    h->healer.looked_ms += 3600000;
    pthread_mutex_unlock(&h->healer.mutex);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_FILE_CHANGED);
    harness_age(h, 2 * 3600000);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_string_equal(harness_query(h, "SELECT name FROM pragma_table_info('decks')"), "id\nname\n");
}

static void test_no_database(void **state)
{
    harness *h = *state;
    h->healer.session.url = tempdir_path(&h->dir, "nowhere/app.db");
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    assert_int_not_equal(h->error.code, 0);
    harness_expect_told(h, "heal.failed");
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    harness_expect_told(h, "");
}

/* ----------------------------------------------------------------------------------------------- files that are not there */

static void test_missing_directory(void **state)
{
    harness *h = *state;
    char away[300];
    snprintf(away, sizeof away, "%s", tempdir_path(&h->dir, "away"));
    assert_int_equal(rename(h->migrations, away), 0);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_DIR_MISSING);
    harness_expect_told(h, "heal.failed");
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_DIR_MISSING);
    harness_expect_told(h, "");
    /* Looked for after a while, and nothing said while it stays away; */
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_DIR_MISSING);
    harness_expect_told(h, "");
    /* said again after the cool-down; */
    harness_age(h, h->healer.cooldown_ms);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    harness_expect_told(h, "heal.failed");
    /* there. */
    assert_int_equal(rename(away, h->migrations), 0);
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
}

/* Known first, broken then, mended at last. */
static void test_broken_directory(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_write(h, "03_twice.sql", "SELECT 1;");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_VERSION_TWICE);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_VERSION_TWICE);
    harness_expect_told(h, "");
    harness_unlink(h, "03_twice.sql");
    harness_age(h, 5000);
    harness_expect(h, harness_heal(h, "no such table: decks"), AMEND_CURE_DONE);
}

/* ------------------------------------------------------------------------------------------- on the caller's connection */

static void test_on_the_callers_connection(void **state)
{
    harness *h = *state;
    harness_connect(h);
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 1);
    harness_do(h, "INSERT INTO cards VALUES (1)");
    assert_string_equal(harness_query_here(h, VERSIONS), "001\n");
    harness_age(h, 5000);
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DRIFT);
    h->healer.policy = AMEND_HEAL_REPORT;
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_REFUSED);
}

static void test_inside_and_committed(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_connect(h);
    harness_do(h, "BEGIN; INSERT INTO cards VALUES (1)");
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 2);
    harness_do(h, "INSERT INTO decks VALUES (2)");
    assert_string_equal(harness_query(h, VERSIONS), "001\n"); /* for others it is not there yet */
    harness_do(h, "COMMIT");
    assert_string_equal(harness_query(h, VERSIONS), "001\n002\n003\n");
    assert_string_equal(harness_query(h, "SELECT * FROM cards, decks"), "1||2\n");
    assert_string_equal(harness_query(h, "SELECT count(*) FROM _migrations_lock WHERE holder IS NOT NULL"), "0\n");
}

/* A rollback takes it all back, and the next failure cures again: nothing was remembered. */
static void test_inside_and_rolled_back(void **state)
{
    harness *h = *state;
    harness_connect(h);
    harness_do(h, "BEGIN; CREATE TABLE mine (x)");
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_do(h, "ROLLBACK");
    assert_string_equal(harness_query(h, "SELECT count(*) FROM sqlite_schema"), "0\n");
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 1);
    assert_string_equal(harness_query(h, VERSIONS), "001\n");
}

/* The caller's savepoints, and what was written before, stay as they are. */
static void test_inside_a_savepoint(void **state)
{
    harness *h = *state;
    harness_connect(h);
    harness_do(h,
               "CREATE TABLE mine (x); SAVEPOINT one; INSERT INTO mine VALUES (1); SAVEPOINT two; INSERT INTO mine VALUES (2)");
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_do(h, "INSERT INTO cards VALUES (3)");
    assert_string_equal(harness_query_here(h, "SELECT x FROM mine"), "1\n2\n");
    harness_do(h, "ROLLBACK TO two");
    assert_string_equal(harness_query_here(h, "SELECT x FROM mine"), "1\n");
    assert_string_equal(harness_query_here(h, "SELECT * FROM cards"), "no such table: cards");
    harness_do(h, "RELEASE one");
}

static void test_inside_and_failed(void **state)
{
    harness *h = *state;
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);\nCREATE INDEX i ON nowhere (id);");
    harness_connect(h);
    harness_do(h, "BEGIN; CREATE TABLE mine (x); INSERT INTO mine VALUES (1)");
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_FAILED);
    assert_int_equal(h->error.code, AMEND_E_STATEMENT);
    assert_string_equal(h->error.version, "003");
    assert_int_equal(h->healing.applied, 0);
    /* All of it or nothing. */
    assert_string_equal(harness_query_here(h, "SELECT name FROM sqlite_schema"), "mine\n");
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_FAILED);
    harness_expect_told(h, ""); /* remembered */
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_do(h, "COMMIT");
    assert_string_equal(harness_query(h, "SELECT x FROM mine, cards"), "");
    assert_string_equal(harness_query(h, VERSIONS), "001\n");
}

static void test_inside_and_outside_only(void **state)
{
    harness *h = *state;
    harness_write(h, "003_decks.sql", "CREATE TABLE decks (id);\nVACUUM;");
    harness_connect(h);
    harness_do(h, "BEGIN; CREATE TABLE mine (x)");
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_REFUSED);
    assert_int_equal(h->error.code, AMEND_E_HEAL_TRANSACTION);
    harness_expect_told(h, "heal.refused");
    assert_string_equal(harness_query_here(h, "SELECT name FROM sqlite_schema"), "mine\n");
    harness_do(h, "ROLLBACK");
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 3);
}

static void test_inside_and_refused(void **state)
{
    harness *h = *state;
    harness_write(h, "001_cards.sql", "CREATE TABLE cards (id);\nDROP TABLE other;");
    harness_connect(h);
    harness_do(h, "BEGIN");
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_REFUSED);
    assert_int_equal(h->error.code, AMEND_E_HEAL_REFUSED);
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_REFUSED);
    harness_expect_told(h, "");
    harness_do(h, "COMMIT");
}

/* Applied, and dropped by hand: also inside a transaction that is found out at the second failure. */
static void test_inside_and_drift(void **state)
{
    harness *h = *state;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    harness_query(h, "DROP TABLE cards");
    harness_again(h, h->healer.session.allocator);
    harness_connect(h);
    harness_do(h, "BEGIN");
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(h->healing.applied, 0);
    harness_age(h, 5000);
    harness_expect(h, harness_heal_here(h, "no such table: cards"), AMEND_CURE_DRIFT);
    harness_expect_told(h, "heal.drift");
    harness_do(h, "COMMIT");
}

/* ---------------------------------------------------------------------------------------------------------- recursion */

static void heal_while_told(harness *h, const amend_event *e)
{
    amend_healing healing;
    amend_error error;
    unsigned *calls = h->hook_arg;
    (void)e;
    (*calls)++;
    assert_int_equal(harness_request(h, "no such table: decks", NULL, NULL, false, &healing, &error), AMEND_CURE_NONE);
    assert_int_equal(healing.object.kind, AMEND_OBJECT_TABLE);
}

static void test_never_recursive(void **state)
{
    harness *h = *state;
    unsigned calls = 0;
    h->hook = heal_while_told;
    h->hook_arg = &calls;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_DONE);
    assert_int_equal(calls, 6);
    assert_string_equal(harness_query(h, VERSIONS), "001\n");
    harness_connect(h);
    harness_do(h, "BEGIN");
    harness_expect(h, harness_heal_here(h, "no such table: decks"), AMEND_CURE_DONE);
    harness_do(h, "COMMIT");
    assert_true(calls > 6);
    /* Also not while it is told that the files can't be read. */
    harness_again(h, h->healer.session.allocator);
    h->healer.dir = "/nonexistent";
    calls = 0;
    harness_expect(h, harness_heal(h, "no such table: cards"), AMEND_CURE_FAILED);
    assert_int_equal(calls, 1);
    h->hook = NULL;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_cured),
        TEST(test_cured_with_what_comes_before),
        TEST(test_cured_with_what_it_depends_on),
        TEST(test_none),
        TEST(test_off),
        TEST(test_compiled_in),
        TEST(test_cured_by_another_meanwhile),
        TEST(test_a_late_failure),
        TEST(test_drift),
        TEST(test_an_operation_that_tells),
        TEST(test_applied_again),
        TEST(test_refused),
        TEST(test_conflict),
        TEST(test_out_of_order),
        TEST(test_report),
        TEST(test_failed),
        TEST(test_file_changes_under_the_knowledge),
        TEST(test_no_database),
        TEST(test_missing_directory),
        TEST(test_broken_directory),
        TEST(test_on_the_callers_connection),
        TEST(test_inside_and_committed),
        TEST(test_inside_and_rolled_back),
        TEST(test_inside_a_savepoint),
        TEST(test_inside_and_failed),
        TEST(test_inside_and_outside_only),
        TEST(test_inside_and_refused),
        TEST(test_inside_and_drift),
        TEST(test_never_recursive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
