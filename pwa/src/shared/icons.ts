// The four icons that go with a word: amber waits, green is confirmed, red needs a person, plain says neither.
export const ICONS = {
  wait: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm1 5v5.4l3.6 2.2-1 1.7L11 13.5V7z",
  done: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20zm-1.5 14.6-4.2-4.2 1.5-1.5 2.7 2.7 5.8-5.8 1.5 1.5z",
  person: "M12 2 1 21h22zm-1 7h2v6h-2zm0 8h2v2h-2z",
  plain: "M12 5a7 7 0 1 0 0 14 7 7 0 0 0 0-14zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10z",
};

export type Tone = keyof typeof ICONS;
