// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The Lua module cap, its parts.
 *
 * A capability is a userdata; its methods are those that the registry knows of its interface. Nothing is generated for Lua: values go
 * through lib/shell's encoder and decoder, which check them against the registry's types, as at the prompt.
 *
 * What is between posix_enter and posix_leave raises no Lua error: those leave by a jump.
 */
#pragma once

#include <abi/cap.h>
#include <lauxlib.h>
#include <lua.h>
#include <registry/registry.h>
#include <shell/value.h>

#define LUA_CAP_TYPE "capos.capability"

struct lua_cap {
	cap_id id; /* null: released */
	uint64_t interface_id;
	bool granted; /* the CapSet's: it stays */
};

/* ---- cap.c ---- */
/* Pushes a new one, which owns the id unless it was granted. */
void lua_cap_push(lua_State *L, cap_id id, uint64_t interface_id, bool granted);
/* Raises {kind, reason, field}. */
[[noreturn]] void lua_cap_raise(lua_State *L, const char *kind, const char *reason, const char *field);

/* ---- types.c: the registry ---- */
/* Null: none was granted, and an error is on its way. */
struct registry *lua_cap_registry(lua_State *L);

/* ---- values.c ---- */
/* The value at an index, in the arena; raises what has no such form. */
struct shell_value *lua_cap_from_lua(lua_State *L, struct shell_arena *arena, int index);
/* Pushes it; capabilities become userdata. */
void lua_cap_to_lua(lua_State *L, const struct shell_value *value);

/* ---- call.c ---- */
/* The method called: upvalue 1 is its name; argument 1 the capability. */
int lua_cap_call(lua_State *L);
