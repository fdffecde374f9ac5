// SPDX-License-Identifier: Apache-2.0
#include "libcard/report/html_style.h"

namespace kartsaz::report {

std::string_view html_style() {
    return R"css(
:root{--ink:#1c2733;--soft:#5b6b7c;--line:#dde4ea;--paper:#fff;--ground:#f2f5f8;--good:#14713d;--good-bg:#e5f5ea;
--bad:#b3201f;--bad-bg:#fdecea;--warn:#8a5a00;--warn-bg:#fff4d9;--quiet:#6b7a89;--quiet-bg:#eef1f4;
--latin:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;
--persian:Vazirmatn,Vazir,"IRANSansX","Noto Sans Arabic","Noto Naskh Arabic",Tahoma,"DejaVu Sans",sans-serif;
--mono:ui-monospace,"SFMono-Regular",Menlo,Consolas,"DejaVu Sans Mono",monospace}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 var(--latin)}
main{max-width:1040px;margin:0 auto;padding:24px 20px 48px}
header{border-radius:14px;padding:24px 28px;color:#fff;display:flex;gap:24px;align-items:center;
justify-content:space-between;flex-wrap:wrap}
header.accept{background:linear-gradient(120deg,#0f5f33,#1d8a4e)}
header.reject{background:linear-gradient(120deg,#8f1918,#c93a35)}
.verdict{display:flex;gap:18px;align-items:center}
.mark{width:56px;height:56px;flex:none}
.word{font-size:40px;line-height:1.1;font-weight:750;letter-spacing:.04em}
.word small{display:block;font:600 18px/1.6 var(--persian);letter-spacing:0;opacity:.92;text-align:left}
.about{display:grid;grid-template-columns:auto auto;gap:2px 14px;margin:0;font-size:13px}
.about dt{opacity:.8;text-align:right}.about dd{margin:0;font-family:var(--mono);overflow-wrap:anywhere}
h1{font-size:15px;font-weight:600;color:var(--soft);margin:0 0 12px 4px}
h2{font-size:17px;margin:0 0 14px}
section{background:var(--paper);border:1px solid var(--line);border-radius:14px;padding:22px 24px;margin-top:18px}
.banner{background:repeating-linear-gradient(135deg,#fff4d9 0 18px,#ffefc4 18px 36px);border:1px solid #e6c878;
color:#6b4700;border-radius:12px;padding:12px 18px;margin-top:18px;font-size:14px}
.banner b{letter-spacing:.05em}
.holder{display:grid;grid-template-columns:auto 1fr;gap:28px;align-items:start}
.photo{width:208px}
.photo img,.photo .none{display:block;width:100%;border-radius:10px;border:1px solid var(--line);background:var(--ground)}
.photo .none{padding:80px 14px;text-align:center;color:var(--soft);font-size:13px}
.photo p{margin:8px 2px 0;font-size:12px;color:var(--soft);text-align:center}
.fields{width:100%;border-collapse:collapse}
.fields th,.fields td{padding:7px 10px;border-bottom:1px solid var(--line);vertical-align:baseline}
.fields tr:last-child>*{border-bottom:0}
.fields th{font-weight:500;color:var(--soft);font-size:13px;white-space:nowrap;text-align:left;width:1%}
.fields th[lang=fa]{text-align:right;font:500 14px/1.7 var(--persian)}
.fields td{font-weight:600}
.fields td[lang=fa]{font:600 17px/1.7 var(--persian);text-align:right}
.fields td.plain{font-variant-numeric:tabular-nums}
.fields .day{display:inline-block;margin-right:22px;white-space:nowrap}
.fields .day small{font-weight:500;color:var(--soft);font-size:12px}
.finding{border:1px solid var(--line);border-left:5px solid var(--quiet);border-radius:8px;padding:12px 16px;margin-top:12px;
break-inside:avoid}
.finding.fatal{border-left-color:var(--bad)}.finding.warning{border-left-color:#d79b17}
.finding.cause{background:var(--bad-bg);border-color:#eebbb7;border-left-color:var(--bad)}
.finding p{margin:4px 0 0;overflow-wrap:anywhere}
.finding code,.evidence,.id{font-family:var(--mono);font-size:12.5px}
.finding dl{display:grid;grid-template-columns:auto 1fr;gap:2px 14px;margin:8px 0 0;font-size:13px}
.finding dt{color:var(--soft)}.finding dd{margin:0;font-family:var(--mono);font-size:12.5px;overflow-wrap:anywhere}
.tag{display:inline-block;border-radius:99px;padding:1px 10px;font-size:12px;font-weight:650;white-space:nowrap}
.passed{background:var(--good-bg);color:var(--good)}.failed,.tag.fatal{background:var(--bad-bg);color:var(--bad)}
.noted,.tag.warning{background:var(--warn-bg);color:var(--warn)}.skipped,.tag.note{background:var(--quiet-bg);color:var(--quiet)}
.tag.why{background:var(--bad);color:#fff}
.counts{display:flex;gap:10px;flex-wrap:wrap;margin:0 0 14px}.counts .tag{font-size:13px;padding:3px 12px}
.checks{width:100%;border-collapse:collapse;table-layout:fixed;font-size:13.5px}
.checks th{font-size:12px;color:var(--soft);text-align:left;font-weight:600}
.checks th,.checks td{padding:8px 8px;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
.checks tr{break-inside:avoid}
.checks .c1{width:92px}.checks .c2{width:52%}
.checks .id{color:var(--soft);display:block}.checks .source{color:var(--soft);font-size:12px}
.evidence{color:#33414f}
tr.is-skipped td{color:var(--quiet)}tr.is-skipped .evidence{color:var(--quiet)}
footer{margin:22px 4px 0;color:var(--soft);font-size:12.5px}
@media(max-width:720px){.holder{grid-template-columns:1fr}.photo{margin:0 auto}.fields th[lang=fa]{display:none}
.word{font-size:32px}.checks .c2{width:46%}}
@media print{@page{margin:14mm}body{background:#fff;font-size:12px}main{max-width:none;padding:0}
section,.banner,header{break-inside:auto;margin-top:10px}section{padding:14px 0;border-width:1px 0 0;border-radius:0}
header,.banner,.tag,.finding{-webkit-print-color-adjust:exact;print-color-adjust:exact}
.holder{break-inside:avoid}.photo{width:150px}}
)css";
}

}  // namespace kartsaz::report
