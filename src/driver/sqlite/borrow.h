/* SPDX-License-Identifier: MIT */
/*
 * The caller's own sqlite3 * as a connection for the engine. Closing it closes nothing.
 *
 * What is set on a connection and can't be read back is left alone: no busy handler, no progress handler, no authorizer. So a
 * borrowed connection calls no idle hook, and waits for a lock only as long as the caller's own busy handler does. Extended
 * result codes are asked for, not switched on. last_insert_rowid and foreign_keys are put back. What can't be put back is
 * listed in amend/sqlite.h.
 */
#ifndef AMEND_DRIVER_SQLITE_BORROW_H
#define AMEND_DRIVER_SQLITE_BORROW_H

#include "amend/driver.h"

#include <sqlite3.h>

/*
 * Wrap it, for one thread, until it is given to its driver's close; `db` outlives it. NULL when memory is short.
 *
 * Before anything else, exec makes sure that our tables' names mean main's: error STATEMENT when a temporary or attached table
 * would be taken for them.
 *
 * `write_first`: `db` is in a transaction in which something is going to be written. So before the first exec reads anything,
 * the main database's write lock is taken, without writing: what is read then is the newest state, or it is known (BUSY) that
 * this transaction can't write.
 */
amend_conn *sqlite_borrow(const amend_allocator *allocator, sqlite3 *db, bool write_first);

/* Has anything been run on it? Then sqlite3_errmsg no longer tells what it told before. */
bool sqlite_borrow_touched(const amend_conn *conn);

#endif
