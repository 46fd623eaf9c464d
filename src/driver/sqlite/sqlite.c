/* SPDX-License-Identifier: MIT */
/* SQLite's driver. */
#include "driver/drivers.h"
#include "driver/sqlite/conn.h"
#include "driver/sqlite/url.h"

const amend_driver driver_sqlite = {
    .version = AMEND_DRIVER_VERSION,
    .name = "sqlite",
    .dialect = "sqlite",
    .capabilities = AMEND_DRIVER_LOCAL,
    .accepts = sqlite_url_accepts,
    .describe = sqlite_url_describe,
    .open = sqlite_conn_open,
    .close = sqlite_conn_close,
    .exec = sqlite_conn_exec,
    .idle = sqlite_conn_idle,
    .own_process = sqlite_conn_own_process,
    .beside = sqlite_url_beside,
    .path = sqlite_copy_path,
    .save = sqlite_copy_save,
    .others = sqlite_copy_others,
    .load = sqlite_copy_load,
};
