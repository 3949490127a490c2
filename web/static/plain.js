// A text as it is sent, made plain as gateway/sms_text.py does, with the tables of
// gateway/transliteration.py. tests/web/test_plain_seen.py compares the two, letter by letter.

import { fits } from "./segments.js";

const same = (letters, plain) => [...letters].map((letter) => [letter, plain]);
const beside = (letters, plain) => [...letters].map((letter, at) => [letter, [...plain][at]]);

const LETTERS = new Map([
  ...same("\u2018\u2019\u201a\u201b\u2032\u02b9\u02bc\u00b4`\u2039\u203a", "'"),
  ...same("\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u00a8", '"'),
  ...same("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043", "-"),
  ...same(
    "\u00ad\u034f\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e" +
      "\u2060\u2061\u2062\u2063\u2064\u2066\u2067\u2068\u2069\u20e3\ufe0e\ufe0f\ufeff",
    "",
  ),
  ...Object.entries({
    ç: "c", œ: "oe", Œ: "OE", ẞ: "SS", ð: "d", Ð: "D", þ: "th", Þ: "TH", đ: "d", Đ: "D", ħ: "h",
    Ħ: "H", ı: "i", ĸ: "k", ł: "l", Ł: "L", ŋ: "ng", Ŋ: "NG", ŧ: "t", Ŧ: "T", ə: "e", Ə: "E",
    ʻ: "'",
    "°": "o", µ: "u", "©": "(c)", "®": "(r)", "•": "-", "·": ".", "‣": "-", "◦": "-", "▪": "-",
    "●": "-", "×": "x", "÷": "/", "±": "+/-", "⁄": "/", "∕": "/", "¬": "-", "¦": "|", "¢": "c",
    "‰": "o/oo", "†": "+", "‡": "+", "¶": "§", "¯": "-", "¸": ",", "→": "->", "⇒": "=>",
    "←": "<-", "⇐": "<=", "↔": "<->", "≤": "<=", "≥": ">=", "≠": "=/=", "≈": "~",
    "\u2028": "\n", "\u2029": "\n", "₣": "F", "₤": "£",
  }),
  ...beside("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαβγδεζηθικλμνξοπρσςτυφχψω",
    "ABEZHIKMNOPTYXABΓΔEZHΘIKΛMNΞOΠPΣΣTYΦXΨΩ"),
]);
const EMOJI = new RegExp(
  " *(?:[\\u{1f000}-\\u{1faff}\\u{e0020}-\\u{e007f}\\u231a-\\u23ff\\u2600-\\u27bf\\u2934\\u2935" +
    "\\u2b00-\\u2bff\\u3030\\u303d\\u3297\\u3299\\u25aa-\\u25fe] *)+", "gu");

export function clean(text) {
  return text.replace(/\r\n?/g, "\n").normalize("NFC").replaceAll("\t", " ")
    .replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f\p{Surrogate}]/gu, "");
}

/** The text in GSM-7 when nothing that can be read is lost by it; else as it was. */
export function plain(text) {
  const whole = clean(text);
  const written = [...whole].map(nearest).join("");
  if (fits(written)) return written;
  const short = written.replace(EMOJI, gap);
  return fits(short) && /[\p{L}\p{N}]/u.test(short) ? short : whole;
}

/** The parts as one text: each plain, or none. */
export function joined(...parts) {
  const written = parts.map(plain);
  return (written.every(fits) ? written : parts.map(clean)).join("");
}

function nearest(letter) {
  if (fits(letter)) return letter;
  if (LETTERS.has(letter)) return LETTERS.get(letter);
  const compatible = letter.normalize("NFKC");
  if (compatible === letter) return bare(letter);
  const written = [...compatible].map(nearest).join("");
  return fits(written) ? written : letter;
}

// Without its accents, when that much is in the table.
function bare(letter) {
  const left = letter.normalize("NFD").replace(/\p{M}/gu, "");
  const base = LETTERS.get(left) ?? left;
  return fits(base) && (base || /\p{M}/u.test(letter)) ? base : letter;
}

// The words closed up where emoji stood.
function gap(run, at, text) {
  const before = text.slice(0, at).slice(-1);
  const after = text.slice(at + run.length, at + run.length + 1);
  return before && after && before !== "\n" && after !== "\n" ? " " : "";
}
