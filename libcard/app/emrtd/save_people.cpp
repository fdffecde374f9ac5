// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "apdu/error.h"
#include "keys/issuer.h"
#include "libcard/app/emrtd/lds.h"
#include "libcard/app/emrtd/read.h"

namespace kartsaz::app::emrtd {
namespace {
namespace fs = std::filesystem;

class Saver {
public:
    Saver(const DumpApplication& application, const fs::path& folder)
        : application_{application}, folder_{folder} {}

    std::vector<fs::path> run() {
        with("EF.DG2", [&](const Bytes& file) {
            const Dg2 face = decode_dg2(file);
            put(face.jpeg2000 ? "photo.jp2" : "photo.jpg", face.image);
        });
        with("EF.DG3", [&](const Bytes& file) { put_fingers(decode_dg3(file)); });
        with("EF.DG13", [&](const Bytes& file) {
            for (const auto& group : decode_dg13(file).finger_records)
                put_fingers(decode_finger_group(group));
        });
        with("EF.SOD", [&](const Bytes& file) {
            const auto certificate = keys::read_signed_object(decode_sod(file)).certificate;
            if (!certificate.empty()) put("document-signer.cer", certificate);
        });
        return written_;
    }

private:
    template <typename Use>
    void with(std::string_view name, Use use) {
        const DumpFile* file = application_.file(name);
        if (file == nullptr || file->content.empty()) return;
        try {
            use(file->content);
        } catch (const Error& error) {
            if (error.code() != Errc::input_invalid) throw;  // verification says what is wrong with it
        }
    }

    void put(const std::string& name, ByteView content) {
        write_atomically(folder_ / name, content);
        written_.push_back(folder_ / name);
    }

    void put_fingers(const std::vector<Finger>& fingers) {
        for (const auto& finger : fingers) put(fmt::format("finger-{}.fmr", ++fingers_), finger.record);
    }

    const DumpApplication& application_;
    const fs::path& folder_;
    std::vector<fs::path> written_;
    unsigned fingers_ = 0;
};

}  // namespace

std::vector<fs::path> save_for_people(const DumpApplication& application, const fs::path& folder) {
    std::error_code fault;
    fs::create_directories(folder, fault);
    if (fault) throw Error{Errc::store_failed, fmt::format("{}: {}", folder.string(), fault.message())};
    return Saver{application, folder}.run();
}

}  // namespace kartsaz::app::emrtd
