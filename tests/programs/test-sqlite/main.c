// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * SQLite's transactions over files in memory, with crashes: a child makes some, and is gone at its n-th operation that changes a file, for every
 * n until it gets through; once before that operation, and once (if it is a write) in the middle of it. After each crash the database is opened
 * again, and must be whole: what was committed is there, what was not is not, and nothing is in between.
 */
#include "crashing.h"

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH "/crash.db"
#define TRANSFERS 2
#define ACCOUNTS 40
#define START 1000

static int number;

static void tap_ok(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++number, what);
}

static bool run(sqlite3 *db, const char *sql)
{
	return sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

static int64_t value(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = nullptr;
	int64_t result = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, nullptr) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		result = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return result;
}

static bool is_whole(sqlite3 *db)
{
	sqlite3_stmt *s = nullptr;
	bool good = sqlite3_prepare_v2(db, "pragma integrity_check", -1, &s, nullptr) == SQLITE_OK &&
		    sqlite3_step(s) == SQLITE_ROW &&
		    strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;

	sqlite3_finalize(s);
	return good;
}

static bool make_database(void)
{
	sqlite3 *db;
	bool good;

	unlink(PATH);
	unlink(PATH "-journal");
	good = sqlite3_open(PATH, &db) == SQLITE_OK &&
	       run(db, "pragma page_size = 1024; pragma cache_size = 4;") &&
	       run(db, "create table account(id integer primary key, balance integer, note text);"
		       "create table transfer(id integer primary key, what text);"
		       "create index by_note on account(note);") &&
	       run(db, "with recursive n(i) as (select 1 union all select i + 1 from n where i < 40) "
		       "insert into account select i, 1000, printf('%060d', i * 7919 % 97) from n;");
	sqlite3_close(db);
	return good;
}

/* One transaction: as many pages as the cache has and more, so that some are written before it is over. */
static bool transfer(sqlite3 *db, int i)
{
	char sql[512];

	snprintf(sql, sizeof(sql),
		 "begin; update account set balance = balance - %d where id %% 2 = 0;"
		 "update account set balance = balance + %d where id %% 2 = 1;"
		 "update account set note = printf('%%060d', (id * %d + 13) %% 89);"
		 "insert into transfer values(%d, hex(zeroblob(600))); commit;",
		 i, i, i + 2, i);
	return run(db, sql);
}

/* In a child: a byte through the pipe for each transaction that is done. */
static int work(int told)
{
	sqlite3 *db;

	if (sqlite3_open_v2(PATH, &db, SQLITE_OPEN_READWRITE, crashing_vfs()) != SQLITE_OK ||
	    !run(db, "pragma cache_size = 4"))
		return 1;
	for (int i = 1; i <= TRANSFERS; i++)
		if (!transfer(db, i) || write(told, "", 1) != 1)
			return 2;
	sqlite3_close(db);
	return 0;
}

/* The exit status; *committed: transactions that the child has reported. */
static int crash_at(uint32_t n, bool torn, int *committed)
{
	int ends[2], status = -1;
	char byte;
	pid_t pid;

	*committed = 0;
	if (pipe(ends))
		return -1;
	pid = fork();
	if (pid == 0) {
		close(ends[0]);
		crashing_set(n, torn);
		_exit(work(ends[1]));
	}
	close(ends[1]);
	while (read(ends[0], &byte, 1) == 1)
		++*committed;
	close(ends[0]);
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* What was committed, and perhaps the one whose end the child did not live to tell. */
static bool is_as_committed(int committed)
{
	sqlite3 *db;
	bool good = sqlite3_open(PATH, &db) == SQLITE_OK && is_whole(db);
	int64_t transfers = good ? value(db, "select count(*) from transfer") : -1;
	int64_t moved = transfers * (transfers + 1) / 2;

	good = good && (transfers == committed || transfers == committed + 1) &&
	       value(db, "select coalesce(max(id), 0) from transfer") == transfers &&
	       value(db, "select sum(balance) from account") == ACCOUNTS * START &&
	       value(db, "select min(balance) from account") == START - moved &&
	       value(db, "select count(distinct balance) from account") == (transfers ? 2 : 1);
	if (!good)
		printf("# %d committed, %d there: %s\n", committed, (int)transfers, sqlite3_errmsg(db));
	sqlite3_close(db);
	return good;
}

static void test_crashes(bool torn)
{
	bool good = true;
	uint32_t n = 0;
	int status = CRASHED, committed = 0, least = TRANSFERS, most = 0;

	while (good && status == CRASHED && ++n < 1000) {
		good = make_database();
		status = good ? crash_at(n, torn, &committed) : -1;
		good = good && (status == CRASHED || status == 0) && is_as_committed(committed);
		least = committed < least ? committed : least;
		most = committed > most ? committed : most;
	}
	printf("# %u crashes, with %d to %d of %d transactions committed\n", n - 1, least, most, TRANSFERS);
	tap_ok(good && status == 0 && committed == TRANSFERS && n > 20 && least == 0,
	       torn ? "a crash in the middle of any write leaves the database whole"
		    : "a crash at any operation leaves the database whole, with what was committed");
}

int main(int argc, char **argv)
{
	(void)argc, (void)argv;
	setvbuf(stdout, nullptr, _IOLBF, 0);
	tap_ok(make_database(), "a database");
	test_crashes(false);
	test_crashes(true);
	printf("1..%d\n", number);
	return 0;
}
