// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * What computing costs that hardly asks the system for anything: a Lua script, and SQLite's speedtest1 on a database in memory. In cycles of the
 * time-stamp counter: instructions, on a machine that counts them. The same object files of Lua and SQLite, and this file, are also linked for the
 * Linux guest (mk/bench.mk), on the same musl over Linux's own system calls.
 */
#include <fcntl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <stdint.h>
#include <unistd.h>
#include <x86intrin.h>

/* SQLite's own program, whose main is called here. */
#define main speedtest1
#include <../test/speedtest1.c>
#undef main

/* Calls, tables, strings, closures, floating point, sorting, coroutines; the sum says that all was done. */
static const char script[] =
	"local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end\n"
	"local sum, seed = fib(24), 42\n"
	"local function random(n) seed = (seed * 1103515245 + 12345) & 0x7fffffff; return seed % n end\n"
	"local sieve = {}\n"
	"for i = 2, 20000 do if not sieve[i] then sum = sum + 1; for j = i * i, 20000, i do sieve[j] = true end end end\n"
	"local list = {}\n"
	"for i = 1, 5000 do list[i] = random(100000) end\n"
	"table.sort(list, function(a, b) return a > b end)\n"
	"local words = {}\n"
	"for i = 1, 3000 do words[#words + 1] = string.format('%d:%x', list[i], i) end\n"
	"local text = table.concat(words, ' ')\n"
	"for a, b in text:gmatch('(%d+):(%x+)') do sum = sum + #a * #b end\n"
	"sum = sum + #text:gsub('%d', 'xy'):upper()\n"
	"local x = 0.5\n"
	"for i = 1, 100000 do x = 3.7 * x * (1 - x) end\n"
	"local producer = coroutine.wrap(function() for i = 1, 10000 do coroutine.yield(i) end return 0 end)\n"
	"for i in producer do if i == 0 then break end sum = sum + i % 7 end\n"
	"local objects = {}\n"
	"for i = 1, 20000 do objects[i % 500] = setmetatable({n = i}, {__index = function(t, k) return i end}) end\n"
	"for _, o in pairs(objects) do sum = sum + o.n + o.other end\n"
	"return sum, x > 0 and x < 1\n";

#define SUM 19923593 /* what it gives */

/* What the script uses: no library that asks the system. */
static const luaL_Reg libraries[] = {
	{LUA_GNAME, luaopen_base},
	{LUA_TABLIBNAME, luaopen_table},
	{LUA_STRLIBNAME, luaopen_string},
	{LUA_COLIBNAME, luaopen_coroutine},
};

static bool run_lua(lua_Integer *sum)
{
	lua_State *lua = luaL_newstate();
	bool good;

	if (!lua)
		return false;
	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		luaL_requiref(lua, libraries[i].name, libraries[i].func, 1);
	good = luaL_dostring(lua, script) == LUA_OK && lua_toboolean(lua, -1);
	*sum = lua_tointeger(lua, -2);
	lua_close(lua);
	return good;
}

static bool run_sqlite(void)
{
	char *arguments[] = {"speedtest1", "--memdb", "--size", "2", nullptr};
	int out = dup(1), nowhere = open("/dev/null", O_WRONLY), result;

	fflush(stdout);
	dup2(nowhere, 1);
	result = speedtest1(4, arguments);
	fflush(stdout);
	dup2(out, 1);
	return out >= 0 && nowhere >= 0 && result == 0;
}

int main(void)
{
	lua_Integer sum = 0;
	uint64_t start = __rdtsc();
	bool good = run_lua(&sum) && sum == SUM;

	if (good)
		printf("row lua_compute %.3f\n", (double)(__rdtsc() - start) / 1e6);
	else
		printf("fail lua_compute: %lld\n", (long long)sum);
	start = __rdtsc();
	if (run_sqlite())
		printf("row sqlite_speedtest1 %.3f\n", (double)(__rdtsc() - start) / 1e6);
	return 0;
}
