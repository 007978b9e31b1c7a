#pragma once
#include <libpq-fe.h>

// The fields of a server's report; macros of character literals are not imported.
static const int cpostgresql_severity = PG_DIAG_SEVERITY_NONLOCALIZED;
static const int cpostgresql_state = PG_DIAG_SQLSTATE;
static const int cpostgresql_message = PG_DIAG_MESSAGE_PRIMARY;
static const int cpostgresql_constraint = PG_DIAG_CONSTRAINT_NAME;
