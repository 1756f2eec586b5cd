// SPDX-License-Identifier: MIT OR Apache-2.0
/* A ring of records under a mutex; one condition for each kind of waiter. */
#include <sync/channel.h>

void channel_init(struct channel *channel, void *records, size_t record_bytes, uint32_t count)
{
	*channel = (struct channel){.records = records, .record_bytes = record_bytes, .count = count};
}

static uint8_t *record_at(struct channel *channel, uint32_t index)
{
	return channel->records + channel->record_bytes * (index % channel->count);
}

enum status channel_send(struct channel *channel, const void *record, uint64_t deadline_ns)
{
	enum status status = STATUS_OK;

	mutex_lock(&channel->lock);
	while (channel->used == channel->count && !channel->closed && status == STATUS_OK)
		status = condition_wait(&channel->freed, &channel->lock, deadline_ns);
	if (channel->closed)
		status = STATUS_DISCONNECTED;
	else if (channel->used < channel->count)
		status = STATUS_OK; /* also if its time was over at that moment */
	if (status == STATUS_OK) {
		__builtin_memcpy(record_at(channel, channel->first + channel->used), record,
				 channel->record_bytes);
		channel->used++;
		condition_signal(&channel->filled);
	}
	mutex_unlock(&channel->lock);
	return status;
}

enum status channel_receive(struct channel *channel, void *record, uint64_t deadline_ns)
{
	enum status status = STATUS_OK;

	mutex_lock(&channel->lock);
	while (channel->used == 0 && !channel->closed && status == STATUS_OK)
		status = condition_wait(&channel->filled, &channel->lock, deadline_ns);
	if (channel->used > 0) {
		__builtin_memcpy(record, record_at(channel, channel->first), channel->record_bytes);
		channel->first = (channel->first + 1) % channel->count;
		channel->used--;
		condition_signal(&channel->freed);
		status = STATUS_OK;
	} else if (channel->closed) {
		status = STATUS_DISCONNECTED;
	}
	mutex_unlock(&channel->lock);
	return status;
}

void channel_close(struct channel *channel)
{
	mutex_lock(&channel->lock);
	channel->closed = true;
	condition_broadcast(&channel->filled, &channel->lock);
	condition_broadcast(&channel->freed, &channel->lock);
	mutex_unlock(&channel->lock);
}
