// How many SMS a text costs, as gateway/sms_text.py counts them (GSM 03.38).
// tests/web/test_page.py compares the two, character by character.

const BASIC = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const EXTENSION = new Set("^{}\\[~]|€\f");

/** Whether every letter is in the alphabet of SMS. */
export function fits(text) {
  return [...text].every((letter) => BASIC.has(letter) || EXTENSION.has(letter));
}

/** {segments, left, wide}: `left` characters fit in the last SMS; `wide` is UCS-2. */
export function count(text) {
  const letters = [...text];
  const wide = !fits(text);
  const sizes = letters.map((letter) => (wide ? letter.length : EXTENSION.has(letter) ? 2 : 1));
  const [one, part] = wide ? [70, 67] : [160, 153];
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total <= one) return { segments: 1, left: one - total, wide };
  return { ...fill(sizes, part), wide };
}

// A letter of two units never lies across two parts.
function fill(sizes, part) {
  let segments = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > part) {
      segments += 1;
      used = 0;
    }
    used += size;
  }
  return { segments, left: part - used };
}
