// SPDX-License-Identifier: MIT OR Apache-2.0
/* The Lua module cap: typed calls of the capabilities that the program holds (docs/guide/lua.md). */
#pragma once

struct lua_State;
int luaopen_cap(struct lua_State *L);
