/* SPDX-License-Identifier: MIT */
/* libpq as a table of functions, loaded when a connection is first opened: linking it would double the start of every command.
 */
#ifndef AMEND_DRIVER_POSTGRES_LIBPQ_H
#define AMEND_DRIVER_POSTGRES_LIBPQ_H

#include <libpq-fe.h>

#define LIBPQ_FUNCTIONS(X)                                                                                                     \
    X(PQcancel)                                                                                                                \
    X(PQclear)                                                                                                                 \
    X(PQcmdTuples)                                                                                                             \
    X(PQconnectPoll)                                                                                                           \
    X(PQconnectStartParams)                                                                                                    \
    X(PQconnectionNeedsPassword)                                                                                               \
    X(PQconninfo)                                                                                                              \
    X(PQconninfoFree)                                                                                                          \
    X(PQconninfoParse)                                                                                                         \
    X(PQconsumeInput)                                                                                                          \
    X(PQerrorMessage)                                                                                                          \
    X(PQfinish)                                                                                                                \
    X(PQflush)                                                                                                                 \
    X(PQfname)                                                                                                                 \
    X(PQfreeCancel)                                                                                                            \
    X(PQfreemem)                                                                                                               \
    X(PQgetCancel)                                                                                                             \
    X(PQgetCopyData)                                                                                                           \
    X(PQgetResult)                                                                                                             \
    X(PQgetisnull)                                                                                                             \
    X(PQgetvalue)                                                                                                              \
    X(PQisBusy)                                                                                                                \
    X(PQnfields)                                                                                                               \
    X(PQntuples)                                                                                                               \
    X(PQparameterStatus)                                                                                                       \
    X(PQpingParams)                                                                                                            \
    X(PQputCopyData)                                                                                                           \
    X(PQputCopyEnd)                                                                                                            \
    X(PQresultErrorField)                                                                                                      \
    X(PQresultErrorMessage)                                                                                                    \
    X(PQresultStatus)                                                                                                          \
    X(PQsendQuery)                                                                                                             \
    X(PQserverVersion)                                                                                                         \
    X(PQsetErrorVerbosity)                                                                                                     \
    X(PQsetNoticeReceiver)                                                                                                     \
    X(PQsetSingleRowMode)                                                                                                      \
    X(PQsetnonblocking)                                                                                                        \
    X(PQsocket)                                                                                                                \
    X(PQstatus)                                                                                                                \
    X(PQtransactionStatus)

typedef struct libpq
{
#define LIBPQ_MEMBER(name) __typeof__(name) *name;
    LIBPQ_FUNCTIONS(LIBPQ_MEMBER)
#undef LIBPQ_MEMBER
} libpq;

/* The table; NULL when this machine has no libpq, or too old a one. Thread-safe. */
const libpq *libpq_load(void);

#endif
