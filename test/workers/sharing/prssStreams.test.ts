/** The streams under PRSS, PRZS and blinders: pinned, over every field, and cheap to hold. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";

import type { Field, RandomBytes } from "../../../workers/field/field.ts";
import { partiesOf } from "../../../workers/sharing/parties.ts";
import { expandAnswerMask, expandBlinders, expandShared, expandZero } from "../../../workers/sharing/prss.ts";
import type { ReplicatedKeys } from "../../../workers/sharing/prss.ts";
import { committees } from "./committees.ts";
import { dealKeys } from "./dealtKeys.ts";
import { fields } from "./fields.ts";
import { watchField } from "./watchedField.ts";

const LENGTH = 20;

/** A mask of its own name: its keys serve one answer, so it has no label. */
const sealed: typeof expandShared = (field, keys, _label, length) => expandAnswerMask(field, keys, length);

/**
 * SHA-256 of the shares of every committee. Blinders and masks of sealed answers must never change: columns in use and posted answers
 * depend on them. Other masks live for one attempt, and may change with the transport's PROTOCOL_VERSION.
 */
const PINNED: readonly (readonly [expand: typeof expandShared, among: "2t + 1" | "n", digest: string])[] = [
  [expandShared, "2t + 1", "54325a7d4a5df6d6e03435b3d009021a0ad9a23a1618a2b9bcda9b6edbd5bdbe"],
  [expandZero, "2t + 1", "f798abae4b74132b38d4740bac912e0b6957fc132e102f6a97fffb39d056074c"],
  [sealed, "2t + 1", "323541e3bd28e469ed9d989d7fb28fd315d615683846f6e34e7cd15b3d83a8ee"],
  [expandBlinders, "n", "6340a9ff805f89c77347639bb865f06daf0b186ca523415b5226454f176d714c"],
];

for (const [name, field] of fields) {
  describe(`streams, ${name}`, () => {
    for (const [expand, among, digest] of PINNED) {
      it(`of ${expand.name} are pinned`, () => {
        const hash = createHash("sha256");
        for (const { n, t } of committees) {
          for (const keys of dealKeys(partiesOf(among === "n" ? n : 2 * t + 1), t, "pinned")) {
            hash.update(field.toWords(expand(field, keys, "pinned", LENGTH)));
          }
        }
        const first = dealKeys(partiesOf(3), 1, "pinned")[0] as ReplicatedKeys;
        hash.update(field.toWords(expand(field, first, "long", 3_000))); // several draws of 64 KiB
        assert.equal(hash.digest("hex"), digest);
      });
    }

    it("do not depend on how many bytes a field asks for at once", () => {
      const keys = dealKeys(partiesOf(5), 2, "requests")[0] as ReplicatedKeys;
      for (const bytesAtOnce of [1, 100, 64 * 1024, 64 * 1024 + 1, 200_000]) {
        const other = drawingAtOnce(field, bytesAtOnce);
        for (const [expand] of PINNED) {
          assert(field.equal(expand(other, keys, "x", LENGTH), expand(field, keys, "x", LENGTH)));
        }
      }
    });

    it("are held eleven at a time, and given back", () => {
      const keys = dealKeys(partiesOf(7), 3, "temporaries")[0] as ReplicatedKeys;
      for (const [expand] of PINNED) {
        const watched = watchField(field);
        const share = expand(watched.field, keys, "x", 2);
        assert.equal(field.toResidues(share).length, 2);
        assert.equal(watched.live(), 1);
        assert(watched.peak() <= 11, `${watched.peak()} vectors at once`);
      }
    });
  });
}

/** The same elements, drawn from requests of `bytesAtOnce`: what is left of one serves what is drawn next from its stream. */
function drawingAtOnce(field: Field, bytesAtOnce: number): Field {
  const left = new WeakMap<RandomBytes, Uint8Array>();
  const random: Field["random"] = (length, randomBytes) =>
    field.random(length, (wanted) => {
      let ready = left.get(randomBytes) ?? new Uint8Array(0);
      while (ready.length < wanted) {
        const more = randomBytes(bytesAtOnce);
        assert.equal(more.length, bytesAtOnce);
        ready = Buffer.concat([ready, more]);
      }
      left.set(randomBytes, ready.subarray(wanted));
      return new Uint8Array(ready.subarray(0, wanted));
    });
  return new Proxy(field, {
    get(target, property) {
      if (property === "random") return random;
      const member: unknown = Reflect.get(target, property, target);
      return typeof member === "function" ? (member.bind(target) as unknown) : member;
    },
  });
}
