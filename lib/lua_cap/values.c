// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * Values: a Lua value as the shell would write it, and back.
 *
 * A Lua string becomes a bare name: where an enum is wanted, the encoder takes it for an enumerant; anywhere else it asks what
 * the name stands for, and is told the text (call.c).
 */
#include "lua_cap.h"

static struct shell_value *new_value(lua_State *L, struct shell_arena *arena, enum shell_value_kind kind)
{
	struct shell_value *v = shell_arena_alloc(arena, sizeof(*v));

	if (!v)
		lua_cap_raise(L, "size", "too much for one call", "");
	v->kind = kind;
	v->word.ptr = v->name.ptr = "";
	return v;
}

static void set_integer(struct shell_value *v, lua_Integer n)
{
	v->kind = SHELL_INTEGER;
	v->negative = n < 0;
	v->magnitude = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

static struct shell_value *from_number(lua_State *L, struct shell_arena *arena, int index)
{
	struct shell_value *v = new_value(L, arena, SHELL_REAL);
	int whole;
	lua_Integer n = lua_tointegerx(L, index, &whole);

	if (whole)
		set_integer(v, n);
	else
		v->real = lua_tonumber(L, index);
	return v;
}

static void set_word(lua_State *L, struct shell_arena *arena, struct shell_word *word, int index)
{
	size_t len;
	const char *text = lua_tolstring(L, index, &len);
	char *copy = len < UINT32_MAX ? shell_arena_bytes(arena, text, (uint32_t)len) : nullptr;

	if (!copy)
		lua_cap_raise(L, "size", "too much for one call", "");
	*word = (struct shell_word){copy, (uint32_t)len, 0};
}

static void append(struct shell_value *to, const struct shell_value ***end, struct shell_value *member)
{
	**end = member;
	*end = &member->next;
	to->count++;
}

static struct shell_value *from_any(lua_State *L, struct shell_arena *arena, int index, unsigned depth);

/* 1, 2, 3, ... is a list; names are a struct. */
static struct shell_value *from_table(lua_State *L, struct shell_arena *arena, int index, unsigned depth)
{
	lua_Unsigned count = lua_rawlen(L, index);
	struct shell_value *v = new_value(L, arena, count > 0 ? SHELL_LIST : SHELL_STRUCT);
	const struct shell_value **end = &v->first;
	struct shell_value *member;

	luaL_checkstack(L, 4, "nested too deeply");
	for (lua_Unsigned i = 1; i <= count; i++) {
		lua_rawgeti(L, index, (lua_Integer)i);
		append(v, &end, from_any(L, arena, lua_gettop(L), depth));
		lua_pop(L, 1);
	}
	if (count > 0)
		return v;
	lua_pushnil(L);
	while (lua_next(L, index)) {
		if (lua_type(L, -2) != LUA_TSTRING)
			lua_cap_raise(L, "value", "a table is a list (1, 2, ...) or a struct (names)", "");
		member = from_any(L, arena, lua_gettop(L), depth);
		set_word(L, arena, &member->name, -2);
		append(v, &end, member);
		lua_pop(L, 1);
	}
	if (v->count == 0)
		v->kind = SHELL_LIST; /* {} */
	return v;
}

static struct shell_value *from_any(lua_State *L, struct shell_arena *arena, int index, unsigned depth)
{
	struct shell_value *v;
	struct lua_cap *cap;

	switch (lua_type(L, index)) {
	case LUA_TNIL:
		return new_value(L, arena, SHELL_VOID);
	case LUA_TBOOLEAN:
		v = new_value(L, arena, SHELL_BOOL);
		v->truth = lua_toboolean(L, index);
		return v;
	case LUA_TNUMBER:
		return from_number(L, arena, index);
	case LUA_TSTRING:
		v = new_value(L, arena, SHELL_NAME);
		set_word(L, arena, &v->word, index);
		return v;
	case LUA_TTABLE:
		if (depth == 0)
			lua_cap_raise(L, "value", "nested too deeply", "");
		return from_table(L, arena, index, depth - 1);
	case LUA_TUSERDATA:
		cap = luaL_testudata(L, index, LUA_CAP_TYPE);
		if (cap && !cap->id.raw)
			lua_cap_raise(L, "BAD_ID", "this capability was released", "");
		if (!cap)
			break;
		v = new_value(L, arena, SHELL_CAPABILITY);
		v->cap = cap->id;
		v->interface_id = cap->interface_id;
		return v;
	default:
		break;
	}
	lua_cap_raise(L, "value", lua_pushfstring(L, "no message can carry a %s", luaL_typename(L, index)),
		      "");
}

struct shell_value *lua_cap_from_lua(lua_State *L, struct shell_arena *arena, int index)
{
	return from_any(L, arena, index, SHELL_MAX_DEPTH);
}

static void members_to_lua(lua_State *L, const struct shell_value *value)
{
	lua_Integer i = 0;

	luaL_checkstack(L, 4, "nested too deeply");
	lua_createtable(L, value->kind == SHELL_LIST ? (int)value->count : 0,
			value->kind == SHELL_LIST ? 0 : (int)value->count);
	for (const struct shell_value *m = value->first; m; m = m->next) {
		if (value->kind == SHELL_STRUCT)
			lua_pushlstring(L, m->name.ptr, m->name.len);
		lua_cap_to_lua(L, m);
		if (value->kind == SHELL_STRUCT)
			lua_rawset(L, -3);
		else
			lua_rawseti(L, -2, ++i);
	}
}

void lua_cap_to_lua(lua_State *L, const struct shell_value *value)
{
	switch (value->kind) {
	case SHELL_BOOL:
		lua_pushboolean(L, value->truth);
		break;
	case SHELL_INTEGER: /* above 2^63 - 1 as Lua has unsigned integers: the same bits */
		lua_pushinteger(L, (lua_Integer)(value->negative ? 0 - value->magnitude : value->magnitude));
		break;
	case SHELL_REAL:
		lua_pushnumber(L, value->real);
		break;
	case SHELL_TEXT:
	case SHELL_DATA:
	case SHELL_NAME:
	case SHELL_ENUMERANT:
		lua_pushlstring(L, value->word.ptr, value->word.len);
		break;
	case SHELL_LIST:
	case SHELL_STRUCT:
		members_to_lua(L, value);
		break;
	case SHELL_CAPABILITY:
		lua_cap_push(L, value->cap, value->interface_id, false);
		break;
	default:
		lua_pushnil(L);
		break;
	}
}
