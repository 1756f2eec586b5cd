// SPDX-License-Identifier: MIT OR Apache-2.0
/* See oracle.h. The digest is capnp_fuzz.c's: the same order, the same numbers. C++, because the stock reader is. */
#include "oracle.h"

#include <capnp/any.h>
#include <capnp/message.h>
#include <cstdio>
#include <kj/exception.h>
#include <string>

namespace
{

std::string last_refusal;

/* Element sizes have the encoding's numbers in both libraries (capnproto.org/encoding.html, "Lists"). */
uint64_t walk(capnp::AnyPointer::Reader pointer);

uint64_t walk(capnp::AnyStruct::Reader s)
{
	auto data = s.getDataSection();
	auto pointers = s.getPointerSection();
	uint64_t sum = oracle_mix(oracle_mix(1, data.size()), pointers.size());

	for (auto byte : data)
		sum = oracle_mix(sum, byte);
	for (auto pointer : pointers)
		sum = oracle_mix(sum, walk(pointer));
	return sum;
}

template <typename T> uint64_t scalars(uint64_t sum, capnp::AnyList::Reader list)
{
	for (auto value : list.as<capnp::List<T>>())
		sum = oracle_mix(sum, value);
	return sum;
}

uint64_t walk(capnp::AnyList::Reader list)
{
	uint64_t sum = oracle_mix(oracle_mix(2, static_cast<uint64_t>(list.getElementSize())), list.size());

	switch (list.getElementSize()) {
	case capnp::ElementSize::VOID:
		return sum;
	case capnp::ElementSize::BIT:
		return scalars<bool>(sum, list);
	case capnp::ElementSize::BYTE:
		return scalars<uint8_t>(sum, list);
	case capnp::ElementSize::TWO_BYTES:
		return scalars<uint16_t>(sum, list);
	case capnp::ElementSize::FOUR_BYTES:
		return scalars<uint32_t>(sum, list);
	case capnp::ElementSize::EIGHT_BYTES:
		return scalars<uint64_t>(sum, list);
	case capnp::ElementSize::POINTER:
		for (auto pointer : list.as<capnp::List<capnp::AnyPointer>>())
			sum = oracle_mix(sum, walk(pointer));
		return sum;
	case capnp::ElementSize::INLINE_COMPOSITE:
		for (auto s : list.as<capnp::List<capnp::AnyStruct>>())
			sum = oracle_mix(sum, walk(s));
		return sum;
	}
	return 0;
}

uint64_t walk(capnp::AnyPointer::Reader pointer)
{
	switch (pointer.getPointerType()) {
	case capnp::PointerType::NULL_:
		return 7;
	case capnp::PointerType::CAPABILITY:
		return 8;
	case capnp::PointerType::LIST:
		return walk(pointer.getAs<capnp::AnyList>());
	default:
		return walk(pointer.getAs<capnp::AnyStruct>());
	}
}

} // namespace

bool oracle_walk(const uint64_t *words, size_t count, uint64_t *digest)
{
	kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word *>(words), count);
	auto refusal = kj::runCatchingExceptions([&]() {
		capnp::SegmentArrayMessageReader reader(kj::arrayPtr(&segment, 1));
		*digest = walk(reader.getRoot<capnp::AnyPointer>());
	});

	KJ_IF_MAYBE (e, refusal) {
		last_refusal = kj::str(*e).cStr();
		return false;
	}
	return true;
}

void oracle_say(const char *what)
{
	std::fprintf(stderr, "%s\n%s\n", what, last_refusal.c_str());
}
