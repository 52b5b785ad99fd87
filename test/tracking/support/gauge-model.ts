import type { LimitUnit } from '../../../protocol/index.js';

/** What a gauge says of itself at an edge. */
export interface ModelWarning {
  readonly kind: 'near' | 'recovered';
  readonly observed: number;
  readonly capacity: number;
  readonly fillPercent: number;
  readonly unit: LimitUnit;
}

/** The rules of a gauge, written down once more in the plainest way: whole numbers, no shortcuts. */
export class GaugeModel {
  readonly warnings: ModelWarning[] = [];
  depth = 0;
  depthBytes = 0;
  highWater = 0;
  armed = true;

  constructor(
    readonly capacity: number,
    readonly capacityBytes: number | undefined,
    readonly unit: LimitUnit,
  ) {}

  get fillPercent(): number {
    return Math.max(this.#percent, this.#percentBytes);
  }

  set(depth: number, depthBytes: number): void {
    this.depth = countable(depth);
    this.depthBytes = countable(depthBytes);
    this.highWater = Math.max(this.highWater, this.depth);
    if (this.armed && this.fillPercent >= 80) {
      this.armed = false;
      this.#warn('near');
    } else if (!this.armed && this.fillPercent <= 50) {
      this.armed = true;
      this.#warn('recovered');
    }
  }

  get #percent(): number {
    return percentOf(this.depth, this.capacity);
  }

  get #percentBytes(): number {
    return percentOf(this.depthBytes, this.capacityBytes ?? 0);
  }

  #warn(kind: ModelWarning['kind']): void {
    const bytesAreFuller = this.#percentBytes > this.#percent;
    this.warnings.push({
      kind,
      observed: bytesAreFuller ? this.depthBytes : this.depth,
      capacity: bytesAreFuller ? this.capacityBytes! : this.capacity,
      fillPercent: this.fillPercent,
      unit: bytesAreFuller ? 'bytes' : this.unit,
    });
  }
}

function countable(figure: number): number {
  return Math.min(Math.max(0, figure), Number.MAX_SAFE_INTEGER);
}

function percentOf(depth: number, capacity: number): number {
  return capacity === 0 ? 0 : Number((BigInt(depth) * 100n) / BigInt(capacity));
}
