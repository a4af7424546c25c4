// Prefix sums that can be changed: a Fenwick tree over numbers that are 0 until something is added.

export class Fenwick {
  #tree = new Float64Array(65);
  #all = 0;

  /** Room for the indices below this. */
  get size(): number {
    return this.#tree.length - 1;
  }

  get total(): number {
    return this.#all;
  }

  add(index: number, delta: number): void {
    this.#reserve(index + 1);
    this.#all += delta;
    for (let at = index + 1; at < this.#tree.length; at += at & -at) {
      this.#tree[at] = (this.#tree[at] ?? 0) + delta;
    }
  }

  /** The sum of all with a smaller index. */
  before(index: number): number {
    if (index >= this.size) return this.#all;
    let sum = 0;
    for (let at = index; at > 0; at -= at & -at) sum += this.#tree[at] ?? 0;
    return sum;
  }

  /**
   * The greatest index such that `step` for each smaller one plus their sum is at most `target`.
   * `step` plus any of the numbers must not be negative.
   */
  find(target: number, step: number): number {
    let index = 0;
    let left = target;
    for (let width = this.size; width >= 1; width /= 2) {
      const next = index + width;
      if (next > this.size) continue;
      const weight = width * step + (this.#tree[next] ?? 0);
      if (weight <= left) {
        index = next;
        left -= weight;
      }
    }
    // Behind what was ever added to, all weigh the same.
    return index === this.size && step > 0 ? index + Math.floor(left / step) : index;
  }

  /** The size is a power of two, so that a larger tree begins with the smaller one. */
  #reserve(count: number): void {
    if (count <= this.size) return;
    let size = this.size;
    while (size < count) size *= 2;
    const tree = new Float64Array(size + 1);
    tree.set(this.#tree);
    for (let at = this.size * 2; at <= size; at *= 2) tree[at] = this.#all;
    this.#tree = tree;
  }
}
