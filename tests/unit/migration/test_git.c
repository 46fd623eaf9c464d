/* SPDX-License-Identifier: MIT */
/* On repositories made by hand, as gitrepository-layout(5) describes them: the tests need no git. */
#include "migration/git.h"

#include "base/alloc.h"
#include "support/faulty_alloc.h"
#include "support/tempdir.h"
#include "support/testing.h"

#include <stdio.h>
#include <string.h>
#include <stdlib.h>
#include <unistd.h>

#define COMMIT "0123456789abcdef0123456789abcdef01234567"
#define OTHER "89abcdef0123456789abcdef0123456789abcdef"

static tempdir dir;
static arena *a;

static int set_up(void **state)
{
    (void)state;
    tempdir_make(&dir);
    a = arena_new(&alloc_default);
    tempdir_folder(&dir, "repo/db/migrations");
    return a == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(a);
    tempdir_remove(&dir);
    return 0;
}

static void expect(const char *name, const char *commit)
{
    const char *found = "nothing was said";
    amend_error error;
    assert_int_equal(git_commit(a, tempdir_path(&dir, name), &found, &error), AMEND_OK);
    if (commit == NULL)
    {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, commit);
}

static void test_branch(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", "ref: refs/heads/main\n");
    tempdir_write(&dir, "repo/.git/refs/heads/main", COMMIT "\n");
    expect("repo", COMMIT);
    expect("repo/db", COMMIT);
    expect("repo/db/migrations", COMMIT);
    expect("repo/db/absent", NULL);
}

static void test_relative_directory(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", COMMIT "\n");
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(tempdir_path(&dir, "repo/db")), 0);
    const char *one, *two, *three;
    assert_int_equal(git_commit(a, "migrations", &one, NULL), AMEND_OK);
    assert_int_equal(git_commit(a, "..", &two, NULL), AMEND_OK);
    assert_int_equal(git_commit(a, "", &three, NULL), AMEND_OK);
    assert_int_equal(chdir(here), 0);
    assert_string_equal(one, COMMIT);
    assert_string_equal(two, COMMIT);
    assert_null(three);
}

static void test_detached_head(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", COMMIT "\n");
    expect("repo/db/migrations", COMMIT);
}

static void test_packed_refs(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", "ref: refs/heads/main\n");
    tempdir_write(&dir, "repo/.git/packed-refs",
                  "# pack-refs with: peeled fully-peeled sorted\n" OTHER " refs/heads/mai\n" OTHER " refs/heads/main2\n" COMMIT
                  " refs/heads/main\n" OTHER " refs/tags/v1\n^" OTHER "\n");
    expect("repo", COMMIT);
    tempdir_write(&dir, "repo/.git/packed-refs", OTHER " refs/heads/other\n\nx\n");
    expect("repo", NULL);
}

static void test_loose_ref_wins_over_a_packed_one(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", "ref: refs/heads/main\n");
    tempdir_write(&dir, "repo/.git/refs/heads/main", COMMIT "\n");
    tempdir_write(&dir, "repo/.git/packed-refs", OTHER " refs/heads/main\n");
    expect("repo", COMMIT);
}

static void test_ref_of_a_ref(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", "ref: refs/heads/alias\n");
    tempdir_write(&dir, "repo/.git/refs/heads/alias", "ref: refs/heads/main\n");
    tempdir_write(&dir, "repo/.git/refs/heads/main", COMMIT "\n");
    expect("repo", COMMIT);
    tempdir_write(&dir, "repo/.git/refs/heads/main", "ref: refs/heads/alias\n");
    expect("repo", NULL);
}

static void test_worktree(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", "ref: refs/heads/main\n");
    tempdir_write(&dir, "repo/.git/refs/heads/main", OTHER "\n");
    tempdir_write(&dir, "repo/.git/refs/heads/topic", COMMIT "\n");
    tempdir_write(&dir, "repo/.git/worktrees/topic/HEAD", "ref: refs/heads/topic\n");
    tempdir_write(&dir, "repo/.git/worktrees/topic/commondir", "../..\n");
    char link[600];
    snprintf(link, sizeof link, "gitdir: %s\n", tempdir_path(&dir, "repo/.git/worktrees/topic"));
    tempdir_write(&dir, "topic/.git", link);
    tempdir_folder(&dir, "topic/migrations");
    expect("topic/migrations", COMMIT);
}

static void test_submodule(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", OTHER "\n");
    tempdir_write(&dir, "repo/.git/modules/db/HEAD", COMMIT "\n");
    tempdir_write(&dir, "repo/db/.git", "gitdir: ../.git/modules/db\n");
    expect("repo/db/migrations", COMMIT);
}

/* git looks at the real parents, and so do we. */
static void test_symbolic_link(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", COMMIT "\n");
    assert_int_equal(symlink("repo/db/migrations", tempdir_path(&dir, "link")), 0);
    expect("link", COMMIT);
}

static void test_nearest_repository_wins(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", OTHER "\n");
    tempdir_write(&dir, "repo/db/.git/HEAD", COMMIT "\n");
    expect("repo/db/migrations", COMMIT);
}

static void test_unknown(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "",
        "\n",
        "nonsense\n",
        "ref: refs/heads/unborn\n",
        "ref: HEAD\n",
        "ref: refs/../../secret\n",
        "ref: \n",
        COMMIT "0\n",
        COMMIT COMMIT "\n",
        "0123456789ABCDEF0123456789abcdef01234567\n",
        "0123456789abcdef\n",
    };
    expect("repo", NULL);
    tempdir_write(&dir, "repo/secret", COMMIT "\n");
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
    {
        tempdir_write(&dir, "repo/.git/HEAD", heads[i]);
        expect("repo", NULL);
    }
    tempdir_write(&dir, "repo/db/.git", "gitdir: nowhere\n");
    expect("repo/db", NULL);
    tempdir_write(&dir, "repo/db/.git", "something else\n");
    expect("repo/db", NULL);
}

static void test_names_that_are_too_long(void **state)
{
    (void)state;
    char line[900], path[6000] = "x";
    memset(line, 'y', sizeof line);
    snprintf(line, sizeof line, "ref: refs/heads/%0800d\n", 1);
    tempdir_write(&dir, "repo/.git/HEAD", line);
    expect("repo", NULL);
    for (size_t i = 1; i + 2 < sizeof path; i += 2)
    {
        memcpy(path + i, "/x", 3);
    }
    const char *found;
    assert_int_equal(git_commit(a, path, &found, NULL), AMEND_OK);
    assert_null(found);
}

static void test_without_memory(void **state)
{
    (void)state;
    tempdir_write(&dir, "repo/.git/HEAD", "ref: refs/heads/main\n");
    tempdir_write(&dir, "repo/.git/packed-refs", COMMIT " refs/heads/main\n");
    for (size_t n = 1;; n++)
    {
        faulty_alloc f;
        arena *short_one = arena_new(faulty_alloc_init(&f, n + 1, FAULTY_ONCE));
        const char *found;
        amend_error error;
        amend_status status = git_commit(short_one, tempdir_path(&dir, "repo"), &found, &error);
        assert_int_equal(status, f.failures == 0 ? AMEND_OK : AMEND_FAILED);
        assert_true(status == AMEND_OK || error.code == AMEND_E_OUT_OF_MEMORY);
        arena_free(short_one);
        assert_int_equal(faulty_alloc_clear(&f), 0);
        if (f.failures == 0)
        {
            return;
        }
    }
}

#define WITH_DIR(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIR(test_branch),
        WITH_DIR(test_relative_directory),
        WITH_DIR(test_detached_head),
        WITH_DIR(test_packed_refs),
        WITH_DIR(test_loose_ref_wins_over_a_packed_one),
        WITH_DIR(test_ref_of_a_ref),
        WITH_DIR(test_worktree),
        WITH_DIR(test_submodule),
        WITH_DIR(test_symbolic_link),
        WITH_DIR(test_nearest_repository_wins),
        WITH_DIR(test_unknown),
        WITH_DIR(test_names_that_are_too_long),
        WITH_DIR(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
