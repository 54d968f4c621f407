/*
 * json_value.c - one JSON value becomes one value of a message.
 *
 * - Whole numbers come as numbers, as numbers with nothing behind the point, or as strings of
 *   either; always exactly, or not at all.
 * - Every refusal says what the value is not, and what would be right.
 */
#include "json.h"
#include "remedy.h"
#include "text.h"

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A whole number of any type. */
struct whole {
    uint64_t magnitude;
    bool is_negative;
};

/* What one type of field takes. */
struct kind {
    int (*read)(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
    size_t byte_count;
    uint64_t below_zero; /* whole numbers: how far down */
    uint64_t above_zero; /* and how far up */
};

static int read_whole(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
static int read_float(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
static int read_double(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                       const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
static int read_bool(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                     const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
static int read_enum(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                     const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
static int read_string(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                       const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);
static int read_bytes(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value);

#define SIGNED_32                                                                                  \
    {                                                                                              \
        read_whole, sizeof(int32_t), (uint64_t)INT32_MAX + 1, INT32_MAX                            \
    }
#define SIGNED_64                                                                                  \
    {                                                                                              \
        read_whole, sizeof(int64_t), (uint64_t)INT64_MAX + 1, INT64_MAX                            \
    }
#define UNSIGNED_32                                                                                \
    {                                                                                              \
        read_whole, sizeof(uint32_t), 0, UINT32_MAX                                                \
    }
#define UNSIGNED_64                                                                                \
    {                                                                                              \
        read_whole, sizeof(uint64_t), 0, UINT64_MAX                                                \
    }

static const struct kind kinds[] = {
    [PROTOBUF_C_TYPE_INT32] = SIGNED_32,
    [PROTOBUF_C_TYPE_SINT32] = SIGNED_32,
    [PROTOBUF_C_TYPE_SFIXED32] = SIGNED_32,
    [PROTOBUF_C_TYPE_INT64] = SIGNED_64,
    [PROTOBUF_C_TYPE_SINT64] = SIGNED_64,
    [PROTOBUF_C_TYPE_SFIXED64] = SIGNED_64,
    [PROTOBUF_C_TYPE_UINT32] = UNSIGNED_32,
    [PROTOBUF_C_TYPE_FIXED32] = UNSIGNED_32,
    [PROTOBUF_C_TYPE_UINT64] = UNSIGNED_64,
    [PROTOBUF_C_TYPE_FIXED64] = UNSIGNED_64,
    [PROTOBUF_C_TYPE_FLOAT] = {.read = read_float, .byte_count = sizeof(float)},
    [PROTOBUF_C_TYPE_DOUBLE] = {.read = read_double, .byte_count = sizeof(double)},
    [PROTOBUF_C_TYPE_BOOL] = {.read = read_bool, .byte_count = sizeof(protobuf_c_boolean)},
    [PROTOBUF_C_TYPE_ENUM] = {.read = read_enum, .byte_count = sizeof(int)},
    [PROTOBUF_C_TYPE_STRING] = {.read = read_string, .byte_count = sizeof(char *)},
    [PROTOBUF_C_TYPE_BYTES] = {.read = read_bytes, .byte_count = sizeof(ProtobufCBinaryData)},
    [PROTOBUF_C_TYPE_MESSAGE] = {.read = NULL, .byte_count = sizeof(ProtobufCMessage *)},
};

static const struct {
    const char *name;
    double value;
} special_numbers[] = {
    {"NaN", (double)NAN}, {"Infinity", (double)INFINITY}, {"-Infinity", -(double)INFINITY}};

int pnd_json_read_value(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                        const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    return kinds[field->type].read(reader, place, field, value, ret_value);
}

size_t pnd_json_value_bytes(ProtobufCType type)
{
    return kinds[type].byte_count;
}

/* Digits alone: jansson's own integers end where int64_t does. */
static int whole_from_digits(const char *text, struct whole *ret_whole)
{
    bool is_negative = text[0] == '-';
    const char *digits = text + is_negative;
    size_t length = strspn(digits, "0123456789");

    if (length == 0 || digits[length] != '\0' || (length > 1 && digits[0] == '0'))
        return -EBADMSG;
    errno = 0;
    uint64_t magnitude = strtoull(digits, NULL, 10);
    if (errno == ERANGE)
        return -ERANGE;
    *ret_whole = (struct whole){.magnitude = magnitude, .is_negative = is_negative};
    return 0;
}

/* Doubles hold every whole number up to 2^53 exactly; beyond, digits may have been lost already. */
static int whole_from_real(double real, struct whole *ret_whole)
{
    static const double exact_limit = 9007199254740992.0;

    if (!(fabs(real) < exact_limit))
        return -ERANGE;
    if (real != trunc(real))
        return -EBADMSG;
    *ret_whole = (struct whole){.magnitude = (uint64_t)fabs(real), .is_negative = real < 0};
    return 0;
}

/* A string that holds a JSON number, which may have a point or an exponent. */
static int real_from_text(const char *text, double *ret_real)
{
    if (strcspn(text, " \t\r\n") != strlen(text))
        return -EBADMSG;
    json_t *number = json_loads(text, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL, NULL);
    int status = json_is_real(number) ? 0 : -EBADMSG;
    if (status == 0)
        *ret_real = json_real_value(number);
    json_decref(number);
    return status;
}

static int whole_from_json(const json_t *value, struct whole *ret_whole)
{
    double real;

    if (json_is_integer(value)) {
        json_int_t integer = json_integer_value(value);
        uint64_t magnitude = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
        *ret_whole = (struct whole){.magnitude = magnitude, .is_negative = integer < 0};
        return 0;
    }
    if (json_is_real(value))
        return whole_from_real(json_real_value(value), ret_whole);
    if (!json_is_string(value))
        return -EBADMSG;
    int status = whole_from_digits(json_string_value(value), ret_whole);
    if (status == -EBADMSG && real_from_text(json_string_value(value), &real) == 0)
        return whole_from_real(real, ret_whole);
    return status;
}

static int read_whole(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    const struct kind *kind = &kinds[field->type];
    struct whole whole = {0};
    int status = whole_from_json(value, &whole);

    if (status == 0 && whole.magnitude > (whole.is_negative ? kind->below_zero : kind->above_zero))
        status = -ERANGE;
    if (status < 0)
        return pnd_json_blame(reader, place,
                              "%s is %s; use a whole number from %s%" PRIu64 " to %" PRIu64,
                              pnd_json_show(reader, place).text,
                              status == -ERANGE ? "out of range" : "no whole number",
                              kind->below_zero != 0 ? "-" : "", kind->below_zero, kind->above_zero);

    uint64_t bits = whole.is_negative ? 0 - whole.magnitude : whole.magnitude;
    if (kind->byte_count == sizeof(uint32_t))
        *(uint32_t *)ret_value = (uint32_t)bits;
    else
        *(uint64_t *)ret_value = bits;
    return 0;
}

static int real_from_json(const json_t *value, double *ret_real)
{
    if (json_is_number(value)) {
        *ret_real = json_number_value(value);
        return 0;
    }
    if (!json_is_string(value))
        return -EBADMSG;
    for (size_t i = 0; i < sizeof(special_numbers) / sizeof(special_numbers[0]); i++) {
        if (strcmp(json_string_value(value), special_numbers[i].name) == 0) {
            *ret_real = special_numbers[i].value;
            return 0;
        }
    }
    return real_from_text(json_string_value(value), ret_real);
}

static int read_double(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                       const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    (void)field;
    if (real_from_json(value, ret_value) < 0)
        return pnd_json_blame(reader, place,
                              "%s is no number; use one like 1.5, \"NaN\", \"Infinity\" or "
                              "\"-Infinity\"",
                              pnd_json_show(reader, place).text);
    return 0;
}

static int read_float(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    double real = 0;
    int status = read_double(reader, place, field, value, &real);
    if (status < 0)
        return status;
    if (isfinite(real) && fabs(real) > (double)FLT_MAX)
        return pnd_json_blame(reader, place, "%s is out of range; use a number within %g",
                              pnd_json_show(reader, place).text, (double)FLT_MAX);
    *(float *)ret_value = (float)real;
    return 0;
}

static int read_bool(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                     const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    (void)field;
    if (!json_is_boolean(value))
        return pnd_json_blame(reader, place, "%s is neither; use true or false",
                              pnd_json_show(reader, place).text);
    *(protobuf_c_boolean *)ret_value = json_is_true(value);
    return 0;
}

static const ProtobufCEnumValue *find_enum_value(const ProtobufCEnumDescriptor *type,
                                                 const json_t *value)
{
    if (json_is_string(value))
        return protobuf_c_enum_descriptor_get_value_by_name(type, json_string_value(value));
    if (!json_is_integer(value) || json_integer_value(value) < INT32_MIN ||
        json_integer_value(value) > INT32_MAX)
        return NULL;
    return protobuf_c_enum_descriptor_get_value(type, (int)json_integer_value(value));
}

static int read_enum(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                     const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    const ProtobufCEnumDescriptor *type = field->descriptor;
    const ProtobufCEnumValue *found = find_enum_value(type, value);
    if (found != NULL) {
        *(int *)ret_value = found->value;
        return 0;
    }
    int status = pnd_json_blame(reader, place, "%s is no %s", pnd_json_show(reader, place).text,
                                type->short_name);
    pnd_remedy_add_values(reader->error, type,
                          json_is_string(value) ? json_string_value(value) : "");
    return status;
}

static int read_string(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                       const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    (void)field;
    if (!json_is_string(value))
        return pnd_json_blame(reader, place, "%s is no text; use a string in quotes",
                              pnd_json_show(reader, place).text);

    size_t length = json_string_length(value);
    char *text = pnd_budget_alloc(&reader->budget, length + 1);
    if (text == NULL)
        return pnd_budget_explain(&reader->budget, reader->name, reader->error);
    memcpy(text, json_string_value(value), length + 1);
    *(char **)ret_value = text;
    return 0;
}

static int read_bytes(struct pnd_json_reader *reader, const struct pnd_json_place *place,
                      const ProtobufCFieldDescriptor *field, const json_t *value, void *ret_value)
{
    (void)field;
    if (!json_is_string(value))
        return pnd_json_blame(reader, place, "%s is no base64; use a string in quotes",
                              pnd_json_show(reader, place).text);

    uint8_t *bytes = pnd_budget_alloc(&reader->budget, json_string_length(value) / 4 * 3 + 3);
    if (bytes == NULL)
        return pnd_budget_explain(&reader->budget, reader->name, reader->error);
    int64_t byte_count = pnd_text_from_base64(json_string_value(value), bytes);
    if (byte_count < 0) {
        free(bytes);
        return pnd_json_blame(reader, place, "%s is no base64; use letters, digits, + and /",
                              pnd_json_show(reader, place).text);
    }
    *(ProtobufCBinaryData *)ret_value = (ProtobufCBinaryData){(size_t)byte_count, bytes};
    return 0;
}
