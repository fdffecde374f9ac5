// SPDX-License-Identifier: Apache-2.0
#include "keys/path_check.h"

#include <fmt/format.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "keys/path_faults.h"
#include "keys/pool_contents.h"
#include "keys/x509_extension.h"
#include "keys/x509_text.h"

namespace kartsaz::keys {
namespace {

using Kind = PathFaultKind;
using Held = CertificatePool::Contents::Certificate;

constexpr std::size_t longest_path = 12, most_paths = 256;

/// A path as it was found: what is above the certificate, nearest first.
struct Found {
    std::vector<const Held*> above;
    bool complete = false;
};

/// Walks from the certificate to all anchors that can be reached.
class Search {
public:
    Search(const CertificatePool::Contents& pool, X509* leaf) : pool_{pool}, leaf_{leaf} {}
    std::vector<Found> run() {
        step(leaf_);
        // those that end at an anchor are all there is to choose from, when there are any
        const bool any =
            std::any_of(found_.begin(), found_.end(), [](const auto& one) { return one.complete; });
        if (any) std::erase_if(found_, [](const auto& one) { return !one.complete; });
        std::stable_sort(found_.begin(), found_.end(),
                         [](const auto& a, const auto& b) { return a.above.size() < b.above.size(); });
        return std::move(found_);
    }

private:
    /// Those of the issuer's name: whose key signed it; when none did, all of the name.
    std::vector<const Held*> issuers(X509* of) const {
        auto named = pool_.named(X509_get_issuer_name(of));
        std::erase_if(named, [&](const Held* one) { return visited(one); });
        auto right = named;
        std::erase_if(right, [&](const Held* one) { return !signed_by(of, one->x509.get()); });
        return right.empty() ? named : right;
    }
    /// The same name and key stand on the path already: it would go in a circle.
    bool visited(const Held* one) const {
        const auto same = [&](X509* other) {
            return X509_NAME_cmp(X509_get_subject_name(one->x509.get()), X509_get_subject_name(other)) == 0 &&
                   subject_public_key(one->x509.get()) == subject_public_key(other);
        };
        return same(leaf_) || std::any_of(way_.begin(), way_.end(),
                                          [&](const Held* other) { return same(other->x509.get()); });
    }
    void step(X509* from) {
        if (found_.size() >= most_paths) return;
        const bool more = way_.size() + 2 <= longest_path;
        const auto next = more ? issuers(from) : std::vector<const Held*>{};
        if (next.empty()) found_.push_back({way_, false});
        for (const auto* one : next) {
            way_.push_back(one);
            if (one->anchor) {
                if (found_.size() < most_paths) found_.push_back({way_, true});
            } else {
                step(one->x509.get());
            }
            way_.pop_back();
        }
    }

    const CertificatePool::Contents& pool_;
    X509* leaf_;
    std::vector<const Held*> way_;
    std::vector<Found> found_;
};

PathElement element_of(X509* certificate, std::string what, bool anchor) {
    PathElement out;
    out.certificate = to_der(certificate);
    out.subject = one_line(X509_get_subject_name(certificate));
    out.serial = to_hex(bytes_of(X509_get0_serialNumber(certificate)));
    out.what = std::move(what);
    out.anchor = anchor;
    return out;
}

/// The end of a path that leads to no anchor.
PathFault dead_end(X509* last, std::size_t element) {
    const auto subject = one_line(X509_get_subject_name(last)), issuer = one_line(X509_get_issuer_name(last));
    if (X509_NAME_cmp(X509_get_subject_name(last), X509_get_issuer_name(last)) == 0 &&
        signed_by(last, last)) {
        return {Kind::not_trusted,
                element,
                fmt::format("\"{}\": signed by itself, and not trusted", subject),
                "an anchor",
                "a certificate that nobody trusts",
                "RFC 5280, 6.1"};
    }
    return {Kind::unknown_issuer,
            element,
            fmt::format("\"{}\": no certificate of its issuer \"{}\" is at hand", subject, issuer),
            fmt::format("a certificate of \"{}\"", issuer),
            "none",
            "RFC 5280, 6.1"};
}

/// The revocation of each element is asked once for each issuer, on however many paths it stands.
class Judge {
public:
    Judge(const CertificatePool& pool, TrustAnchors::When at, const PathOptions& options)
        : pool_{pool}, at_{at}, options_{options} {}

    PathAnswer judge(X509* leaf, bool trusted, const Found& found) {
        PathAnswer out;
        std::vector<X509*> chain{leaf};
        out.path.push_back(element_of(leaf, {}, trusted));
        for (const auto* one : found.above) {
            chain.push_back(one->x509.get());
            out.path.push_back(element_of(one->x509.get(), one->what, one->anchor));
        }
        out.complete = trusted || found.complete;
        out.faults = chain_faults(chain, at_, options_);
        if (!out.complete) out.faults.push_back(dead_end(chain.back(), chain.size() - 1));
        for (std::size_t i = 0; options_.revocation && i + 1 < out.path.size(); ++i) {
            // a certificate of another key of that name says nothing of this one
            if (!out.has(Kind::bad_signature, i)) out.path[i].revocation = ask(out.path[i], out.path[i + 1]);
        }
        return out;
    }

private:
    const RevocationAnswer& ask(const PathElement& element, const PathElement& issuer) {
        const auto key = std::pair{element.certificate, issuer.certificate};
        auto place = asked_.find(key);
        if (place == asked_.end()) {
            place =
                asked_.emplace(key, revocation(element.certificate, issuer.certificate, pool_, at_)).first;
        }
        return place->second;
    }

    const CertificatePool& pool_;
    TrustAnchors::When at_;
    const PathOptions& options_;
    std::map<std::pair<Bytes, Bytes>, RevocationAnswer> asked_;
};

/// Less is better.
auto rank(const PathAnswer& answer) {
    std::size_t revoked = 0, open = 0;
    for (std::size_t i = 0; i + 1 < answer.path.size(); ++i) {
        const auto status = answer.path[i].revocation.status;
        if (status == RevocationStatus::revoked)
            ++revoked;
        else if (status != RevocationStatus::good)
            ++open;
    }
    return std::tuple{!answer.complete, answer.faults.size() + revoked, open, answer.path.size()};
}

}  // namespace

std::string_view name_of(PathFaultKind kind) {
    switch (kind) {
        case Kind::structure:
            return "structure";
        case Kind::unknown_issuer:
            return "unknown issuer";
        case Kind::not_trusted:
            return "not trusted";
        case Kind::bad_signature:
            return "bad signature";
        case Kind::not_yet_valid:
            return "not yet valid";
        case Kind::expired:
            return "expired";
        case Kind::not_a_ca:
            return "not a CA";
        case Kind::path_length:
            return "path length";
        case Kind::key_usage:
            return "key usage";
        case Kind::name_constraint:
            return "name constraint";
        case Kind::policy:
            return "policy";
        case Kind::key_identifier:
            return "key identifier";
        case Kind::unhandled_critical_extension:
            return "unhandled critical extension";
        case Kind::weak_key:
            return "weak key";
        case Kind::other:
            break;
    }
    return "other";
}

bool PathAnswer::has(PathFaultKind kind) const {
    return std::any_of(faults.begin(), faults.end(), [&](const auto& fault) { return fault.kind == kind; });
}

bool PathAnswer::has(PathFaultKind kind, std::size_t element) const {
    return std::any_of(faults.begin(), faults.end(),
                       [&](const auto& fault) { return fault.kind == kind && fault.element == element; });
}

const PathFault* PathAnswer::own_fault() const {
    return faults.empty() || faults.front().element != 0 ? nullptr : &faults.front();
}

const PathFault* PathAnswer::fault_above() const {
    const auto found =
        std::find_if(faults.begin(), faults.end(), [](const auto& fault) { return fault.element != 0; });
    return found == faults.end() ? nullptr : &*found;
}

std::optional<std::size_t> PathAnswer::revoked_element() const {
    for (std::size_t i = path.size(); i-- > 0;) {
        if (path[i].revocation.status == RevocationStatus::revoked) return i;
    }
    return std::nullopt;
}

PathAnswer check_path(ByteView certificate, const CertificatePool& pool, TrustAnchors::When at,
                      const PathOptions& options) {
    const auto leaf = parse_certificate(certificate);
    if (!leaf) {
        PathAnswer out;
        out.faults.push_back({Kind::structure, 0, "not an X.509 certificate", "a certificate", "other bytes",
                              "RFC 5280, 4.1"});
        return out;
    }
    const auto* itself = pool.contents().find(certificate);
    const bool trusted = itself != nullptr && itself->anchor;
    const auto paths = trusted ? std::vector<Found>{Found{}} : Search{pool.contents(), leaf.get()}.run();
    Judge judge{pool, at, options};
    PathAnswer best;
    for (const auto& path : paths) {
        auto answer = judge.judge(leaf.get(), trusted, path);
        if (best.path.empty() || rank(answer) < rank(best)) best = std::move(answer);
        if (std::get<1>(rank(best)) == 0 && std::get<2>(rank(best)) == 0 && best.complete) break;
    }
    best.paths = paths.size();
    return best;
}

}  // namespace kartsaz::keys
