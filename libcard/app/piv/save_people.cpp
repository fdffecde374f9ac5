// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/pem.h"
#include "libcard/app/piv/cbeff.h"
#include "libcard/app/piv/face.h"
#include "libcard/app/piv/objects.h"
#include "libcard/app/piv/read.h"

namespace kartsaz::app::piv {
namespace {
namespace fs = std::filesystem;

class PeopleSaver {
public:
    PeopleSaver(const DumpApplication& application, const fs::path& folder)
        : application_{application}, folder_{folder} {}

    std::vector<fs::path> run() {
        for (const auto& container : containers()) {
            const auto* file = application_.file(file_name(container));
            if (file == nullptr || file->content.empty()) continue;
            try {
                save(container, file->content);
            } catch (const Error& error) {
                if (error.code() != Errc::input_invalid) throw;  // verification says what is wrong with it
            }
        }
        return std::move(written_);
    }

private:
    void save(const Container& container, const Bytes& value) {
        if (container.id == id_face) {
            const auto object = decode_biometric(value, container.name);
            const auto face = decode_face(object.block, container.name, object.block_offset);
            put(face.jpeg2000 ? "piv-face.jp2" : "piv-face.jpg", face.image);
        } else if (container.id == id_fingerprints) {
            put("piv-fingers.fmr", decode_biometric(value, container.name).block);
        } else if (container.key && container.id != id_sm_signer) {
            const auto der = certificate_of(decode_certificate_object(value, container.name), container.name);
            const auto name = fmt::format("piv-{:02X}", *container.key);
            put(name + ".der", der);
            put(name + ".pem", to_bytes(keys::pem_text(der, "CERTIFICATE")));
        }
    }

    void put(const std::string& name, ByteView content) {
        write_atomically(folder_ / name, content);
        written_.push_back(folder_ / name);
    }

    const DumpApplication& application_;
    const fs::path& folder_;
    std::vector<fs::path> written_;
};

}  // namespace

std::vector<fs::path> save_for_people(const DumpApplication& application, const fs::path& folder) {
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", folder.string(), fault.message())};
    return PeopleSaver{application, folder}.run();
}

}  // namespace kartsaz::app::piv
