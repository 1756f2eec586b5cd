// SPDX-License-Identifier: MIT OR Apache-2.0
/*
 * The generated code of the schemas in golden/ at work: defaults, constants, unions, groups, lists of lists, inheritance,
 * named parameters, generics, capabilities.
 */
#include <box.capnp.h>
#include <draw.capnp.h>
#include <rpc/loopback.h>
#include <stdio.h>
#include <string.h>

static int test_number, failures;

static void report(bool good, const char *what)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++test_number, what);
	failures += !good;
}

static uint64_t words[256];
static struct msg_builder builder;
static struct msg_reader reader;

static struct shape_builder start(void)
{
	msg_builder_init(&builder, words, sizeof(words));
	return shape_builder_root(&builder);
}

static struct shape_reader finish(void)
{
	msg_reader_init(&reader, words, msg_builder_size(&builder));
	return shape_reader_root(&reader);
}

static void defaults(void)
{
	(void)start();
	struct shape_reader s = finish();

	report(shape_reader_area(s) == 1000 && shape_reader_visible(s) &&
		       shape_reader_colour(s) == COLOUR_DARK_BLUE,
	       "defaults of numbers, Bool and enum");
	report(shape_reader_weight(s) == 1.5 && shape_reader_weight_bits(s) == 0x3ff8000000000000ull,
	       "of a Float64");
	report(msg_text_equal(shape_reader_name(s), MSG_TEXT("none")) && !shape_reader_has_name(s),
	       "of a Text");
	report(msg_list_count(shape_reader_sizes(s)) == 3 && msg_list_u16(shape_reader_sizes(s), 2) == 3,
	       "of a list");
	report(shape_point_reader_x(shape_reader_origin(s)) == 3 &&
		       shape_point_reader_y(shape_reader_origin(s)) == 4,
	       "of a struct");
	report(shape_box_reader_width(shape_reader_box(s)) == -1, "of a field in a group");
	report(shape_reader_owner(s) == -1 && msg_pointer_is_null(shape_reader_default(s)) &&
		       msg_reader_ok(&reader),
	       "null capability and AnyPointer");

	struct shape_builder b = start();
	shape_builder_set_area(b, 0);
	shape_builder_set_visible(b, false);
	shape_builder_set_colour(b, COLOUR_RED);
	shape_builder_set_weight(b, -2);
	struct shape_point_builder origin = shape_builder_origin(b);
	shape_point_builder_set_x(origin, -1);
	s = finish();
	report(shape_reader_area(s) == 0 && !shape_reader_visible(s) &&
		       shape_reader_colour(s) == COLOUR_RED && shape_reader_weight(s) == -2,
	       "values set over defaults");
	report(shape_point_reader_x(shape_reader_origin(s)) == -1 &&
		       shape_point_reader_y(shape_reader_origin(s)) == 4,
	       "a default struct, changed in one field");
}

static void constants(void)
{
	struct shape_reader s = unit_square();
	uint64_t sum = 0;

	report(LIMIT == 4096 && SMALLEST == INT64_MIN && GREETING.len == 11, "constants of scalars and text");
	report(key().len == 4 && key().ptr[3] == 0xef, "of data");
	for (uint32_t i = 0; i < shape_point_list_reader_count(shape_reader_points(s)); i++)
		sum = sum * 10 +
		      (uint64_t)(shape_point_reader_x(shape_point_list_reader_at(shape_reader_points(s), i)) *
					 2 +
				 shape_point_reader_y(shape_point_list_reader_at(shape_reader_points(s), i)));
	report(msg_text_equal(shape_reader_name(s), MSG_TEXT("square")) && sum == 231,
	       "of a struct with a list of structs");
}

static void unions(void)
{
	struct shape_builder b = start();
	shape_builder_set_label(b, MSG_TEXT("label"));
	struct shape_reader s = finish();
	report(shape_reader_which(s) == SHAPE_WHICH_LABEL && shape_reader_has_label(s),
	       "a member of a union");
	report(shape_reader_circle_bits(s) == 0, "one that is not active reads as its default");

	struct shape_polygon_builder p = shape_builder_init_polygon(b);
	shape_polygon_builder_set_closed(p, true);
	s = finish();
	report(shape_reader_which(s) == SHAPE_WHICH_POLYGON && !shape_reader_has_label(s) &&
		       !shape_polygon_reader_has_corners(shape_reader_polygon(s)) &&
		       shape_polygon_reader_closed(shape_reader_polygon(s)),
	       "a group in a union starts empty, whatever was there");
	shape_builder_set_nothing(b);
	s = finish();
	report(shape_reader_which(s) == SHAPE_WHICH_NOTHING &&
		       !shape_polygon_reader_closed(shape_reader_polygon(s)),
	       "a Void member");
}

static void lists(void)
{
	struct shape_builder b = start();
	struct msg_list_builder grid = shape_builder_init_grid(b, 3);
	for (uint32_t i = 0; i < 3; i++) {
		struct msg_list_builder row = msg_init_list(msg_list_slot(grid, i), MSG_ELEM_8, i);

		for (uint32_t j = 0; j < i; j++)
			msg_list_set_u8(row, j, (uint8_t)(i * 10 + j));
	}
	struct shape_point_list_builder points = shape_builder_init_points(b, 2);
	shape_point_builder_set_x(shape_point_list_builder_at(points, 1), 5);
	shape_point_builder_set_y(shape_point_list_builder_at(points, 2), 6); /* beyond the end: nothing */
	shape_builder_set_root_(b, 8);
	struct shape_reader s = finish();
	struct msg_list row = msg_list_list(shape_reader_grid(s), 2, MSG_ELEM_8);
	report(row.count == 2 && msg_list_u8(row, 1) == 21 && msg_list_u8(row, 2) == 0, "a list of lists");
	report(shape_point_reader_x(shape_point_list_reader_at(shape_reader_points(s), 1)) == 5,
	       "a list of structs");
	report(shape_reader_root_(s) == 8 && msg_reader_ok(&reader), "a field with a name that is taken");
	shape_check(s);
	report(msg_reader_ok(&reader), "the check finds nothing");
}

/* ---- Calls ---- */

static enum status draw_op(void *self, struct rpc_request *request, struct draw_draw_params_reader params,
			   struct draw_draw_results_builder results)
{
	(void)self;
	(void)request;
	draw_draw_results_builder_set_pixels(results,
					     shape_reader_area(draw_draw_params_reader_shape(params)) *
						     draw_draw_params_reader_times(params));
	return STATUS_OK;
}

static enum status child_op(void *self, struct rpc_request *request, struct draw_child_params_reader params,
			    struct draw_child_results_builder results)
{
	cap_id parent = rpc_request_cap(request, draw_child_params_reader_parent(params));

	(void)self;
	draw_child_results_builder_set_child(results, rpc_request_copy_cap(request, parent));
	draw_child_results_builder_set_depth(results, (uint16_t)draw_child_params_reader_name(params).len);
	return STATUS_OK;
}

static enum status clear_op(void *self, struct rpc_request *request, struct shape_reader params,
			    struct shape_builder results)
{
	(void)self;
	(void)request;
	shape_builder_set_area(results, shape_reader_area(params) + 1);
	return STATUS_OK;
}

static enum status reset_op(void *self, struct rpc_request *request)
{
	(void)request;
	++*(int *)self;
	return STATUS_OK;
}

static enum status put_op(void *self, struct rpc_request *request, struct box_put_params_reader params)
{
	struct msg_text text = msg_read_text(box_put_params_reader_value(params));

	(void)request;
	*(int *)self = (int)text.len;
	return STATUS_OK;
}

static enum status take_op(void *self, struct rpc_request *request, struct box_take_results_builder results)
{
	(void)self;
	(void)request;
	msg_set_text(box_take_results_builder_value(results), MSG_TEXT("taken"));
	return STATUS_OK;
}

static const struct draw_server_ops draw_ops = {.draw = draw_op, .child = child_op};
static const struct canvas_server_ops canvas_ops = {
	.super_draw = &draw_ops, .clear = clear_op, .reset = reset_op};
static const struct box_server_ops box_ops = {.put = put_op, .take = take_op};

static void calls(void)
{
	static uint64_t arena[1024];
	static struct rpc_loopback loop;
	struct rpc_call call;
	int counter = 0;

	rpc_loopback_init(&loop, arena, sizeof(arena));
	cap_id canvas = rpc_loopback_add(&loop, &canvas_interface, &canvas_ops, &counter);
	cap_id box = rpc_loopback_add(&loop, &box_interface, &box_ops, &counter);

	struct draw_draw_results_reader drawn;
	struct draw_draw_params_builder d = draw_draw_begin(&call, &loop.transport, canvas);
	shape_builder_set_area(draw_draw_params_builder_init_shape(d), 20);
	draw_draw_params_builder_set_times(d, 3);
	report(draw_draw_call(&call, &drawn) == STATUS_OK && draw_draw_results_reader_pixels(drawn) == 60,
	       "an inherited method");
	rpc_end(&call);

	cap_id child;
	uint16_t depth;
	report(draw_child(&loop.transport, canvas, MSG_TEXT("four"), box, &child, &depth) == STATUS_OK &&
		       child.raw == box.raw && depth == 4,
	       "a capability goes in and comes out");
	report(draw_child(&loop.transport, canvas, MSG_TEXT(""), CAP_ID_NULL, &child, &depth) ==
		       STATUS_BAD_ID,
	       "the null capability cannot be sent on");

	struct shape_reader cleared;
	shape_builder_set_area(canvas_clear_begin(&call, &loop.transport, canvas), 7);
	report(canvas_clear_call(&call, &cleared) == STATUS_OK && shape_reader_area(cleared) == 8,
	       "named structs");
	rpc_end(&call);
	report(canvas_reset(&loop.transport, canvas) == STATUS_OK && counter == 1, "nothing in, nothing out");
	report(canvas_reset(&loop.transport, box) == STATUS_EXCEPTION && counter == 1,
	       "not on another object");

	struct box_put_results_reader put;
	struct box_put_params_builder p = box_put_begin(&call, &loop.transport, box);
	msg_set_text(box_put_params_builder_value(p), MSG_TEXT("sixsix"));
	report(box_put_call(&call, &put) == STATUS_OK && counter == 6, "a generic's parameter");
	rpc_end(&call);
	struct box_take_results_reader taken;
	(void)box_take_begin(&call, &loop.transport, box);
	report(box_take_call(&call, &taken) == STATUS_OK &&
		       msg_text_equal(msg_read_text(box_take_results_reader_value(taken)), MSG_TEXT("taken")),
	       "a generic's result");
	rpc_end(&call);
	report(rpc_interface_find(&canvas_interface, DRAW_INTERFACE_ID) == &draw_interface &&
		       rpc_interface_find(&canvas_interface, BOX_INTERFACE_ID) == nullptr &&
		       strcmp(canvas_interface.methods[CANVAS_RESET].name, "reset") == 0 &&
		       strcmp(canvas_docs[CANVAS_RESET], "Nothing in, nothing out.\n") == 0,
	       "the interface's description");
}

int main(void)
{
	defaults();
	constants();
	unions();
	lists();
	calls();
	printf("1..%d\n", test_number);
	return failures != 0;
}
