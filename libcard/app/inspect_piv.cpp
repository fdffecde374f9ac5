// SPDX-License-Identifier: Apache-2.0
#include "libcard/app/inspect_piv.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "apdu/error.h"
#include "libcard/app/piv/commands.h"
#include "libcard/app/piv/key_commands.h"

namespace kartsaz::app {
namespace {

/// What only issuers put there; makers leave a CHUID, a CCC and a key history.
constexpr std::array<std::uint16_t, 5> issuers_objects{piv::id_piv_certificate, piv::id_signature_certificate,
                                                       piv::id_management_certificate,
                                                       piv::id_card_certificate, piv::id_security_object};
constexpr std::array<std::uint8_t, 4> issuers_keys{0x9A, 0x9C, 0x9D, 0x9E};
constexpr std::uint8_t algorithm_x25519 = 0xE1, algorithm_ed25519 = 0xE0;

class PivInspector {
public:
    PivInspector(apdu::Transport& card, Inspection& out) : card_{card}, out_{out} {}

    PivSeen run() {
        const auto selected = select();
        if (!selected.sw.ok()) {
            tell("PIV", fmt::format("none (SW {:04X})", selected.sw.value()));
            return seen_;
        }
        seen_.there = true;
        seen_.written = has_objects() || has_keys();
        const auto properties = piv::parse_property_template(selected.data);
        const auto version = piv::parse_version(card_.transmit(piv::get_version()).data);
        std::string name = seen_.written ? "written" : "blank";
        if (properties && !properties->label.empty()) name += ", \"" + properties->label + "\"";
        if (!version.empty()) name += ", version " + version;
        tell("PIV", name);
        if (properties) tell_properties(*properties);
        tell_references();
        return seen_;
    }

private:
    apdu::ResponseApdu select() {
        auto selected = card_.transmit(piv::select_application());
        return selected.sw.ok() ? selected : card_.transmit(piv::select_application(piv::truncated_aid));
    }

    void tell(const std::string& name, const std::string& value) {
        out_.applications.emplace_back(name, value);
    }

    bool has_objects() {
        return std::ranges::any_of(issuers_objects, [&](std::uint16_t id) {
            const auto& container = *piv::container_of_id(id);
            const auto answer = card_.transmit(piv::get_data(container.tag));
            try {
                return answer.sw.ok() && !piv::value_in(container, answer.data).empty();
            } catch (const Error& error) {
                if (error.code() != Errc::input_invalid) throw;
                return true;  // something is there
            }
        });
    }

    std::optional<piv::Metadata> ask(std::uint8_t reference) {
        const auto answer = card_.transmit(piv::metadata(reference));
        try {
            return answer.sw.ok() ? std::optional{piv::parse_metadata(answer.data)} : std::nullopt;
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;
            return std::nullopt;
        }
    }

    bool has_keys() {
        return std::ranges::any_of(issuers_keys, [&](std::uint8_t reference) {
            const auto told = ask(reference);
            return told && told->algorithm.has_value();
        });
    }

    void tell_properties(const piv::PropertyTemplate& properties) {
        std::string names;
        for (const auto id : properties.algorithms) {
            const auto known = piv::algorithm_of_id(id);
            const auto name = known                     ? keys::name(*known)
                              : id == 0x06              ? "rsa-1024"
                              : id == algorithm_ed25519 ? "ed25519"
                              : id == algorithm_x25519  ? "x25519"
                                                        : piv::management_name(id);
            names += (names.empty() ? "" : ", ") + std::string{name};
        }
        if (!names.empty()) tell("  algorithms", names);
        if (properties.lengths) {
            tell("  lengths", fmt::format("{} bytes out, {} in", properties.lengths->command_data,
                                          properties.lengths->response_data));
        } else {
            out_.remarks.emplace_back(
                "the PIV application tells no lengths: long objects go in chained commands of 255 bytes");
        }
    }

    void tell_references() {
        const auto pin = ask(piv::pin_reference), puk = ask(piv::puk_reference),
                   key = ask(piv::management_reference);
        const auto whose = [](const std::optional<piv::Metadata>& told) {
            return !told || !told->factory ? "not told" : *told->factory ? "the maker's" : "changed";
        };
        tell("  PIN, PUK", fmt::format("{}, {}", whose(pin), whose(puk)));
        std::string management = whose(key);
        if (key && key->algorithm) management += fmt::format(" ({})", piv::management_name(*key->algorithm));
        tell("  management key", management);
        seen_.makers = !key || !key->factory || *key->factory;
        if (!key)
            out_.remarks.emplace_back("the PIV application tells no metadata: keys are known by proof only");
    }

    apdu::Transport& card_;
    Inspection& out_;
    PivSeen seen_;
};

}  // namespace

PivSeen inspect_piv(apdu::Transport& card, Inspection& out) {
    return PivInspector{card, out}.run();
}

}  // namespace kartsaz::app
