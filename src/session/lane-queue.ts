/** A frame that waits in a lane. `onTaken` is called when it is on its way, with the time as `performance.now()` tells it. */
export interface LaneFrame {
  readonly bytes: Uint8Array;
  readonly onTaken: (now: number) => void;
}

/** One lane of frames for each id. Lanes take turns, one frame each; within a lane order is kept. */
export class LaneQueue {
  /** Lanes with frames, in the order of their turns: a map remembers insertion. */
  readonly #lanes = new Map<number, LaneFrame[]>();
  #last: LaneFrame | null = null;

  push(id: number, frame: LaneFrame): void {
    const lane = this.#lanes.get(id);
    if (lane === undefined) this.#lanes.set(id, [frame]);
    else lane.push(frame);
  }

  /** The frame that goes when all lanes are empty. */
  pushLast(frame: LaneFrame): void {
    this.#last = frame;
  }

  /** Takes the frame whose turn it is. */
  take(): LaneFrame | null {
    for (const [id, lane] of this.#lanes) {
      const frame = lane.shift()!;
      this.#lanes.delete(id);
      if (lane.length > 0) this.#lanes.set(id, lane);
      return frame;
    }
    const last = this.#last;
    this.#last = null;
    return last;
  }

  clear(): void {
    this.#lanes.clear();
  }
}
