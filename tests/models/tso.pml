/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A store buffer of one place for each simulated CPU, in front of one shared word: the x86 memory model (TSO) as far as
 * these protocols can tell. A plain store goes to the buffer and becomes visible at any later time; locked operations
 * and full fences empty the buffer first. Include it after defining CPUS; `word` is the shared word.
 */
#define NOTHING 255
byte word;
byte buffer[CPUS] = NOTHING;

#define seen_by(me) (buffer[me] != NOTHING -> buffer[me] : word)

inline fence(me)
{
	d_step { if :: buffer[me] != NOTHING -> word = buffer[me]; buffer[me] = NOTHING :: else fi }
}

inline store(me, v)
{
	d_step { if :: buffer[me] != NOTHING -> word = buffer[me] :: else fi; buffer[me] = v }
}

/* Memory: empties buffers whenever it likes. */
active proctype memory()
{
	byte i;
end:	do
	:: d_step { buffer[0] != NOTHING -> word = buffer[0]; buffer[0] = NOTHING }
	:: d_step { buffer[1] != NOTHING -> word = buffer[1]; buffer[1] = NOTHING }
#if CPUS > 2
	:: d_step { buffer[2] != NOTHING -> word = buffer[2]; buffer[2] = NOTHING }
#endif
#if CPUS > 3
	:: d_step { buffer[3] != NOTHING -> word = buffer[3]; buffer[3] = NOTHING }
#endif
#if CPUS > 4
	:: d_step { buffer[4] != NOTHING -> word = buffer[4]; buffer[4] = NOTHING }
#endif
	od
}
