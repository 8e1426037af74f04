import { expect, test } from "vitest";
import { announcementOf, destinationOf } from "./announcement";

const notification = {
  title: "Paspor siap diambil",
  body: "Ketuk.",
  lang: "id",
  tag: "t1",
  navigate: "/paspor/",
};

test("N3 the declarative payload is shown in its own words", () => {
  const { title, options } = announcementOf(JSON.stringify({ web_push: 8030, notification }), "/paspor/");
  expect(title).toBe("Paspor siap diambil");
  expect(options).toMatchObject({ body: "Ketuk.", lang: "id", tag: "t1", data: { navigate: "/paspor/" } });
});

test("a payload without the wrapping is shown too", () => {
  expect(announcementOf(JSON.stringify(notification), "/paspor/").title).toBe("Paspor siap diambil");
});

test.each([undefined, "", "{", "null", "[]", '"x"', '{"notification":{"title":7}}'])(
  "something is shown even for %j",
  (data) => {
    const { title, options } = announcementOf(data, "/paspor/");
    expect(title).not.toBe("");
    expect(options.body).not.toBe("");
  },
);

test("a tap leads into this app and nowhere else", () => {
  const lead = (navigate: unknown): string =>
    destinationOf({ navigate }, "/paspor/", "https://ronda.example");
  expect(lead("https://ronda.example/paspor/x")).toBe("https://ronda.example/paspor/x");
  for (const elsewhere of ["https://other.example/paspor/", "/kantor/", "javascript:0", 7, undefined])
    expect(lead(elsewhere)).toBe("https://ronda.example/paspor/");
});
