-- SPDX-License-Identifier: MIT OR Apache-2.0
-- What Lua can do here: everything that it was granted.
local f = assert(io.open("/greeting.txt", "w"))
f:write("hello from Lua ", _VERSION, "\n")
f:close()
for line in io.lines("/greeting.txt") do print(line) end
local sum = 0
for i = 1, 1000 do sum = sum + i * i end
print("sum", sum, string.format("%.3f", math.sqrt(2)))
print("denied", (io.open("/no/such/file")))
print(pcall(error, {code = 7}))
print(os.time and pcall(os.time))
