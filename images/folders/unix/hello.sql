-- SPDX-License-Identifier: MIT OR Apache-2.0
create table t(n integer primary key, word text);
insert into t(word) values ('three'), ('one'), ('two');
begin; insert into t(word) values ('gone'); rollback;
select group_concat(word, '-') from (select word from t order by word);
select count(*), sum(n), typeof(1.5), sqlite_version() from t;
