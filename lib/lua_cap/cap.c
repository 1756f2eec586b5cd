// SPDX-License-Identifier: MIT OR Apache-2.0
/* The module cap: what was granted, capabilities as userdata, failures as tables. */
#include "lua_cap.h"

#include <lua_cap/lua_cap.h>
#include <posix/held.h>
#include <runtime/ring.h>
#include <runtime/runtime.h>

#define ERROR_TYPE "capos.error"

/* ---- Failures ---- */

void lua_cap_raise(lua_State *L, const char *kind, const char *reason, const char *field)
{
	lua_createtable(L, 0, 3);
	lua_pushstring(L, kind);
	lua_setfield(L, -2, "kind");
	lua_pushstring(L, reason);
	lua_setfield(L, -2, "reason");
	if (field[0]) {
		lua_pushstring(L, field);
		lua_setfield(L, -2, "field");
	}
	luaL_setmetatable(L, ERROR_TYPE);
	lua_error(L);
	__builtin_unreachable();
}

/* kind (field): reason */
static int error_text(lua_State *L)
{
	lua_getfield(L, 1, "kind");
	lua_getfield(L, 1, "reason");
	if (lua_getfield(L, 1, "field") == LUA_TNIL)
		lua_pushfstring(L, "%s: %s", luaL_tolstring(L, 2, nullptr), luaL_tolstring(L, 3, nullptr));
	else
		lua_pushfstring(L, "%s (%s): %s", luaL_tolstring(L, 2, nullptr), lua_tostring(L, 4),
				luaL_tolstring(L, 3, nullptr));
	return 1;
}

/* ---- Capabilities ---- */

void lua_cap_push(lua_State *L, cap_id id, uint64_t interface_id, bool granted)
{
	struct lua_cap *cap = lua_newuserdatauv(L, sizeof(*cap), 0);

	*cap = (struct lua_cap){id, interface_id, granted};
	luaL_setmetatable(L, LUA_CAP_TYPE);
}

static struct lua_cap *check_cap(lua_State *L)
{
	return luaL_checkudata(L, 1, LUA_CAP_TYPE);
}

/* At the end of its life, or before: a granted one is only forgotten. */
static int release(lua_State *L)
{
	struct lua_cap *cap = check_cap(L);

	if (cap->id.raw && !cap->granted) {
		posix_enter();
		ring_release(runtime_ring(), cap->id);
		(void)posix_leave(0);
	}
	cap->id = CAP_ID_NULL;
	return 0;
}

static int method(lua_State *L)
{
	(void)check_cap(L);
	luaL_checkstring(L, 2);
	lua_pushvalue(L, 2);
	lua_pushcclosure(L, lua_cap_call, 1);
	return 1;
}

static void push_interface(lua_State *L, uint64_t interface_id)
{
	char buffer[24];
	struct msg_text name = registry_interface_name(lua_cap_registry(L), interface_id, buffer);

	lua_pushlstring(L, name.ptr, name.len);
}

/* Without types its number: printing never fails. */
static int cap_text(lua_State *L)
{
	const struct lua_cap *cap = check_cap(L);

	if (!cap->id.raw)
		lua_pushstring(L, "capability (released)");
	else
		lua_pushfstring(L, "capability %p", (void *)(uintptr_t)cap->id.raw);
	return 1;
}

static int interface(lua_State *L)
{
	push_interface(L, check_cap(L)->interface_id);
	return 1;
}

static void add_text(void *self, const char *bytes, size_t len)
{
	luaL_addlstring(self, bytes, len);
}

/* A list of signatures: "sleep (ns :UInt64) -> ()". */
static int methods(lua_State *L)
{
	const struct lua_cap *cap = check_cap(L);
	struct registry *registry = lua_cap_registry(L);
	struct registry_data_interface_reader type;
	struct registry_method m;

	lua_newtable(L);
	if (!registry_interface(registry, cap->interface_id, &type))
		return 1;
	for (uint32_t i = 0; registry_method_at(registry, type, i, &m); i++) {
		luaL_Buffer b;
		struct text_out out = {add_text, &b, nullptr};

		luaL_buffinit(L, &b);
		(void)registry_print_signature(registry, &out, m.method);
		luaL_pushresult(&b);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

/* ---- What was granted ---- */

static int get(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	struct runtime_grant grant;
	cap_id id;
	enum status status = runtime_cap(name, 0, &id);

	if (status != STATUS_OK || !runtime_grant_of(id, &grant))
		lua_cap_raise(L, "NOT_GRANTED", lua_pushfstring(L, "nothing was granted as %s", name), "");
	lua_cap_push(L, id, grant.interface_id, true);
	return 1;
}

/* {name = ..., interface = ...} of each, in order. */
static int list(lua_State *L)
{
	lua_newtable(L);
	for (uint32_t i = 0; i < runtime_grant_count(); i++) {
		struct runtime_grant grant = runtime_grant_at(i);

		lua_createtable(L, 0, 2);
		lua_pushlstring(L, grant.name.ptr, grant.name.len);
		lua_setfield(L, -2, "name");
		push_interface(L, grant.interface_id);
		lua_setfield(L, -2, "interface");
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

int luaopen_cap(lua_State *L)
{
	static const luaL_Reg functions[] = {{"list", list},           {"get", get},
					     {"release", release},     {"methods", methods},
					     {"interface", interface}, {nullptr, nullptr}};
	static const luaL_Reg of_caps[] = {{"__index", method},
					   {"__gc", release},
					   {"__close", release},
					   {"__tostring", cap_text},
					   {nullptr, nullptr}};
	static const luaL_Reg of_errors[] = {{"__tostring", error_text}, {nullptr, nullptr}};

	luaL_newmetatable(L, LUA_CAP_TYPE);
	luaL_setfuncs(L, of_caps, 0);
	luaL_newmetatable(L, ERROR_TYPE);
	luaL_setfuncs(L, of_errors, 0);
	luaL_newlib(L, functions);
	return 1;
}
