// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/fascn.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <string_view>

#include "apdu/error.h"

namespace kartsaz::app::piv {
namespace {

constexpr std::size_t fascn_size = 25;
constexpr unsigned symbol_bits = 5;
constexpr std::size_t symbol_count = fascn_size * 8 / symbol_bits;
constexpr unsigned start_sentinel = 0xB, field_separator = 0xD, end_sentinel = 0xF;

struct FascnField {
    std::string_view name;
    std::string FascN::*member;
    std::size_t digits;
    bool separated;  ///< a field separator follows
};
constexpr std::array<FascnField, 9> fascn_fields{
    {{"agency code", &FascN::agency, 4, true},
     {"system code", &FascN::system, 4, true},
     {"credential number", &FascN::credential, 6, true},
     {"credential series", &FascN::credential_series, 1, true},
     {"individual credential issue", &FascN::issue, 1, true},
     {"person identifier", &FascN::person, 10, false},
     {"organizational category", &FascN::category, 1, false},
     {"organizational identifier", &FascN::organization, 4, false},
     {"person/organization association", &FascN::association, 1, false}}};

/// The five bits of a symbol as they are sent: four from the least significant on, then odd parity.
unsigned symbol_code(unsigned symbol) {
    unsigned code = 0;
    for (unsigned bit = 0; bit < 4; ++bit) code = code << 1U | (symbol >> bit & 1U);
    return code << 1U | static_cast<unsigned>(std::popcount(symbol) % 2 == 0);
}

bool fascn_bit(ByteView bytes, std::size_t at) {
    return (bytes[at / 8] >> (7 - at % 8) & 1U) != 0;
}

class SymbolReader {
public:
    explicit SymbolReader(ByteView bytes) : bytes_{bytes} {}

    [[noreturn]] void fail(const std::string& rule) const {
        throw Error{Errc::input_invalid,
                    fmt::format("FASC-N: offset {}: symbol {}: {}", at_ * symbol_bits / 8, at_ + 1, rule)};
    }
    unsigned next() {
        unsigned symbol = 0;
        unsigned ones = 0;
        for (unsigned bit = 0; bit < symbol_bits; ++bit) {
            if (!fascn_bit(bytes_, at_ * symbol_bits + bit)) continue;
            ++ones;
            if (bit < 4) symbol |= 1U << bit;
        }
        if (ones % 2 == 0) fail("its parity is even, odd expected");
        sum_ ^= symbol;
        ++at_;
        return symbol;
    }
    void demand(unsigned expected, std::string_view name) {
        const auto got = next();
        --at_;
        if (got != expected) fail(fmt::format("{} {:X} expected, {:X} found", name, expected, got));
        ++at_;
    }
    std::string digits(std::size_t count) {
        std::string out;
        for (std::size_t i = 0; i < count; ++i) {
            const auto symbol = next();
            --at_;
            if (symbol > 9) fail(fmt::format("a digit expected, {:X} found", symbol));
            ++at_;
            out.push_back(static_cast<char>('0' + symbol));
        }
        return out;
    }
    unsigned sum() const { return sum_; }

private:
    ByteView bytes_;
    std::size_t at_ = 0;
    unsigned sum_ = 0;
};

void add_digits(std::vector<unsigned>& symbols, const FascnField& field, const std::string& digits) {
    const bool good =
        digits.size() == field.digits && digits.find_first_not_of("0123456789") == std::string::npos;
    if (!good) {
        throw Error{Errc::input_invalid,
                    fmt::format("FASC-N: {}: {} digits expected", field.name, field.digits)};
    }
    for (const char digit : digits) symbols.push_back(static_cast<unsigned>(digit - '0'));
    if (field.separated) symbols.push_back(field_separator);
}

}  // namespace

Bytes encode_fascn(const FascN& number) {
    std::vector<unsigned> symbols{start_sentinel};
    for (const auto& field : fascn_fields) add_digits(symbols, field, number.*field.member);
    symbols.push_back(end_sentinel);
    unsigned sum = 0;
    for (const auto symbol : symbols) sum ^= symbol;
    symbols.push_back(sum);
    Bytes out(fascn_size);
    for (std::size_t i = 0; i < symbol_count; ++i) {
        const auto code = symbol_code(symbols.at(i));
        for (unsigned bit = 0; bit < symbol_bits; ++bit) {
            const auto at = i * symbol_bits + bit;
            if ((code >> (symbol_bits - 1 - bit) & 1U) != 0) {
                out[at / 8] = static_cast<std::uint8_t>(out[at / 8] | 0x80U >> (at % 8));
            }
        }
    }
    return out;
}

FascN decode_fascn(ByteView bytes) {
    if (bytes.size() != fascn_size) {
        throw Error{Errc::input_invalid,
                    fmt::format("FASC-N: offset 0: {} bytes, {} expected", bytes.size(), fascn_size)};
    }
    SymbolReader in{bytes};
    in.demand(start_sentinel, "start sentinel");
    FascN out;
    for (const auto& field : fascn_fields) {
        out.*field.member = in.digits(field.digits);
        if (field.separated) in.demand(field_separator, "field separator");
    }
    in.demand(end_sentinel, "end sentinel");
    in.demand(in.sum(), "longitudinal redundancy check");
    return out;
}

}  // namespace kartsaz::app::piv
