// SPDX-License-Identifier: MIT OR Apache-2.0
// JavaScript by mujs.
var words = "the quick brown fox".split(" ");
print(words.map(function (w) { return w.toUpperCase(); }).reverse().join(" "));
print(JSON.stringify({ a: [1, 2, 3], b: /x(y+)/.exec("axyyb")[1] }));
