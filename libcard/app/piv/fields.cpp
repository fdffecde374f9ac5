// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/piv/fields.h"

#include <fmt/format.h>

#include <algorithm>

#include "apdu/error.h"

namespace kartsaz::app::piv::fields {
namespace {

void check_field_length(const apdu::TlvReader& in, const apdu::Tlv& object, const Rule& rule) {
    const std::size_t size = object.value.size();
    if (size >= rule.least && size <= rule.most) return;
    const auto expected = rule.least == rule.most ? fmt::format("{}", rule.least)
                                                  : fmt::format("{} to {}", rule.least, rule.most);
    in.fail(object.offset,
            fmt::format("{} ({:02X}) has {} bytes, {} expected", rule.name, rule.tag, size, expected));
}

}  // namespace

std::vector<std::pair<std::size_t, apdu::Tlv>> read(ByteView value, const std::vector<Rule>& rules,
                                                    std::string_view name) {
    auto all = rules;
    all.push_back({error_detection_tag, "error detection code", 0, 0, true});
    apdu::TlvReader in{value, std::string{name}};
    std::vector<std::pair<std::size_t, apdu::Tlv>> out;
    std::size_t next = 0;
    const auto skip_to = [&](std::size_t index, std::size_t offset) {
        for (; next < index; ++next) {
            if (!all[next].mandatory) continue;
            in.fail(offset, fmt::format("{} ({:02X}) is missing", all[next].name, all[next].tag));
        }
    };
    while (!in.done()) {
        const auto object = in.next();
        const auto rule = std::ranges::find(all, object.tag, &Rule::tag);
        if (rule == all.end()) {
            in.fail(object.offset, fmt::format("tag {:02X} does not belong here", object.tag));
        }
        const auto index = static_cast<std::size_t>(rule - all.begin());
        if (index < next) {
            in.fail(object.offset, fmt::format("{} ({:02X}) stands twice or too late; the order of the table "
                                               "in SP 800-73-4, appendix A is the order on the card",
                                               rule->name, rule->tag));
        }
        skip_to(index, object.offset);
        check_field_length(in, object, *rule);
        out.emplace_back(index, object);
        next = index + 1;
    }
    skip_to(all.size(), in.offset());
    return out;
}

}  // namespace kartsaz::app::piv::fields
