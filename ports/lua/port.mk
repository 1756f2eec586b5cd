# SPDX-License-Identifier: MIT OR Apache-2.0
# Lua 5.4, interactive and for scripts, with the module cap (lib/lua_cap): typed calls of capabilities.
PORT_PACKAGE_lua  := lua5.4
PORT_VERSION_lua  := 5.4.4-3+deb12u1
PORT_SHA256_lua   := 164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61
PORT_LICENCE_lua  := MIT
PORT_SIDES_lua    := libc
PORT_GLOBS_lua    := src/*.c
PORT_WITHOUT_lua  := src/lua.c src/luac.c src/linit.c
PORT_INCLUDES_lua := src
PORT_CFLAGS_lua   := -DLUA_USE_POSIX
PORT_PROGRAMS_lua := lua
PORT_MAIN_lua     := src/lua.c
