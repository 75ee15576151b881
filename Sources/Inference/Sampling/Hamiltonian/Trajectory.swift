import Foundation
import NumericKernels

/// A no-U-turn trajectory: doubled until it turns back on itself, its point chosen by its weight.
///
/// Multinomial sampling with biased progression between doublings, and the generalised criterion on the sums of momenta
/// (Betancourt, "A conceptual introduction to Hamiltonian Monte Carlo", 2017, appendix A), applied also across the seam
/// of every two subtrees, as Stan does since 2.21. Subtrees are built without recursion: leaves are pushed on a stack,
/// and equal neighbours merged, which gives the same tree in the same order.
package struct Trajectory {
  /// A run of consecutive points of the trajectory, in the order they were made.
  private struct Subtree {
    /// Slots of the motions at the two ends, and of the sum of all momenta. One leaf shares one slot for all three.
    var begin: Int
    var end: Int
    var sum: Int
    /// Slots owned but not in use by a leaf.
    var spare: (Int, Int)
    var isLeaf: Bool
    /// The slot of the point chosen from this run, and its energy.
    var place: Int
    var energy: Double
    /// The sum of exp(H_0 - H) over the points, times exp(-shift).
    var weight: Double
  }

  /// What became of a transition.
  struct Outcome {
    var depth = 0
    var evaluations = 0
    var energy = 0.0
    var sumAcceptance = 0.0
    var sumSymmetricAcceptance = 0.0
    /// Whether the new point differs from the old one.
    var moved = false
    /// The place where the trajectory diverged, and by how much.
    var divergence: (place: Int, energyError: Double)?
  }

  let maximumDepth: Int
  let maximumEnergyError: Double
  /// The tree so far, and above it the stack of the subtree that is being made.
  private var nodes: [Subtree]
  private var shift = 0.0

  /// The slots that a trajectory needs of a ``HamiltonianSystem``.
  static func slots(maximumDepth: Int) -> (places: Int, motions: Int) { (maximumDepth + 5, 3 * (maximumDepth + 2)) }

  /// The slot that holds a trajectory's start until the next.
  static let startPlace = 3

  init(maximumDepth: Int, maximumEnergyError: Double) {
    self.maximumDepth = maximumDepth
    self.maximumEnergyError = maximumEnergyError
    nodes = (0..<(maximumDepth + 2)).map { level in
      // Places 1 and 2 are the trajectory's ends, 3 is its start.
      Subtree(
        begin: 3 * level, end: 3 * level, sum: 3 * level, spare: (3 * level + 1, 3 * level + 2), isLeaf: true,
        place: level == 0 ? 0 : level + 3, energy: 0, weight: 0)
    }
  }

  /// The slot of the current point.
  var place: Int { nodes[0].place }

  /// One transition with this step size.
  mutating func transition(
    _ system: inout HamiltonianSystem, stepSize: Double, using stream: inout RandomStream
  ) throws -> Outcome {
    var outcome = Outcome()
    resetLeaf(0)
    shift = 0
    let start = system.begin(at: nodes[0].place, motion: nodes[0].begin, using: &stream)
    nodes[0].energy = start
    nodes[0].weight = 1
    system.copyPlace(nodes[0].place, to: Self.startPlace)
    system.copyPlace(nodes[0].place, to: 1)
    system.copyPlace(nodes[0].place, to: 2)
    // Whether the tree's `end` is its end forward in time.
    var endsForward = true
    while outcome.depth < maximumDepth {
      let forward = stream.next() & 1 == 1
      if forward != endsForward {
        (nodes[0].begin, nodes[0].end) = (nodes[0].end, nodes[0].begin)
        endsForward = forward
      }
      let endPlace = forward ? 1 : 2
      let last = try grow(
        &system, from: endPlace, step: forward ? stepSize : -stepSize, start: start, outcome: &outcome,
        using: &stream)
      guard let last else { break }
      outcome.depth += 1
      // Biased progression: the new half is preferred.
      let accepted =
        nodes[1].weight > nodes[0].weight || stream.uniform() * nodes[0].weight < nodes[1].weight
      if accepted { outcome.moved = true }
      if merge(0, 1, &system, takingSecond: accepted) { break }
      if outcome.depth < maximumDepth { system.copyPlace(last, to: endPlace) }
    }
    outcome.energy = nodes[0].energy
    return outcome
  }

  /// Makes a subtree as large as the tree, beyond its end, as node 1.
  ///
  /// - Returns: The place of the last point, or nil if the subtree diverges or turns within itself.
  private mutating func grow(
    _ system: inout HamiltonianSystem, from endPlace: Int, step: Double, start: Double, outcome: inout Outcome,
    using stream: inout RandomStream
  ) throws -> Int? {
    var place = endPlace
    var motion = nodes[0].end
    var top = 0
    for leaf in 0..<(1 << outcome.depth) {
      top += 1
      resetLeaf(top)
      let (newPlace, newMotion) = (nodes[top].place, nodes[top].begin)
      let energy = try system.leapfrog(
        fromPlace: place, motion: motion, toPlace: newPlace, motion: newMotion, step: step)
      (place, motion) = (newPlace, newMotion)
      outcome.evaluations += 1
      let gain = start - energy
      guard gain.isFinite && -gain <= maximumEnergyError else {
        outcome.divergence = (place, -gain)
        return nil
      }
      if gain - shift > 300 { rescale(to: gain, through: top) }
      let weight = exp(gain - shift)
      let ratio = shift == 0 ? weight : exp(gain)
      outcome.sumAcceptance += min(1, ratio)
      // 2 min(1, r) / (1 + r), which treats a point and its mirror image alike.
      outcome.sumSymmetricAcceptance += 2 * min(1, ratio) / (1 + ratio)
      nodes[top].energy = energy
      nodes[top].weight = weight
      // Two runs of equal length merge: as often as the leaf's number ends in ones.
      var number = leaf
      while number & 1 == 1 {
        let second = stream.uniform() * (nodes[top - 1].weight + nodes[top].weight) < nodes[top].weight
        if merge(top - 1, top, &system, takingSecond: second) { return nil }
        top -= 1
        number >>= 1
      }
    }
    return place
  }

  private mutating func resetLeaf(_ index: Int) {
    if nodes[index].isLeaf { return }
    let node = nodes[index]
    nodes[index].spare = (node.end, node.sum)
    nodes[index].end = node.begin
    nodes[index].sum = node.begin
    nodes[index].isLeaf = true
  }

  /// Makes weights relative to a lower energy, lest they overflow.
  private mutating func rescale(to gain: Double, through top: Int) {
    let factor = exp(shift - gain)
    for i in 0...top { nodes[i].weight *= factor }
    shift = gain
  }

  /// Puts run `b`, which follows run `a`, at its end; b's position keeps slots that are then free.
  ///
  /// - Returns: Whether the joint run turns back: as a whole, or from one half to the nearest point of the other.
  private mutating func merge(_ a: Int, _ b: Int, _ system: inout HamiltonianSystem, takingSecond: Bool) -> Bool {
    let (first, second) = (nodes[a], nodes[b])
    let sum = first.isLeaf ? first.spare.0 : first.sum
    let turns =
      first.isLeaf
      ? Self.turnsTwo(
        first.begin, second.begin, sum: sum, system.dimension, &system.momenta,
        &system.velocities)
      : Self.turns(
        first.begin, first.end, first.sum, second.begin, second.end, second.sum, sum: sum, system.dimension,
        &system.momenta,
        &system.velocities)
    nodes[a].end = second.end
    nodes[a].sum = sum
    nodes[a].isLeaf = false
    nodes[a].weight = first.weight + second.weight
    if takingSecond {
      nodes[a].place = second.place
      nodes[a].energy = second.energy
      nodes[b].place = first.place
    }
    nodes[b].begin = first.isLeaf ? first.spare.1 : first.end
    nodes[b].end = nodes[b].begin
    nodes[b].sum = nodes[b].begin
    nodes[b].spare = second.isLeaf ? second.spare : (second.begin, second.sum)
    nodes[b].isLeaf = true
    return turns
  }

  /// Whether two single points with momenta p, p' and velocities v, v' turn: v · (p + p') or v' · (p + p') not positive.
  package static func turnsTwo(
    _ a: Int, _ b: Int, sum: Int, _ n: Int, _ momenta: inout [Double], _ velocities: inout [Double]
  ) -> Bool {
    var p = momenta.mutableSpan
    let v = velocities.span
    var (atBegin, atEnd) = (0.0, 0.0)
    for i in 0..<n {
      let total = p[a * n + i] + p[b * n + i]
      p[sum * n + i] = total
      atBegin += v[a * n + i] * total
      atEnd += v[b * n + i] * total
    }
    return !(atBegin > 0 && atEnd > 0)
  }

  /// The criterion over both runs, over the first with the second's first point, and over the second with the first's
  /// last point; writes the sum of all momenta.
  package static func turns(
    _ aBegin: Int, _ aEnd: Int, _ aSum: Int, _ bBegin: Int, _ bEnd: Int, _ bSum: Int, sum: Int,
    _ n: Int, _ momenta: inout [Double], _ velocities: inout [Double]
  ) -> Bool {
    var p = momenta.mutableSpan
    let v = velocities.span
    var (whole, wholeEnd, left, leftEnd, right, rightEnd) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    for i in 0..<n {
      let (sumA, sumB) = (p[aSum * n + i], p[bSum * n + i])
      let (vABegin, vAEnd) = (v[aBegin * n + i], v[aEnd * n + i])
      let (vBBegin, vBEnd) = (v[bBegin * n + i], v[bEnd * n + i])
      let total = sumA + sumB
      let leftSum = sumA + p[bBegin * n + i]
      let rightSum = sumB + p[aEnd * n + i]
      p[sum * n + i] = total
      whole += vABegin * total
      wholeEnd += vBEnd * total
      left += vABegin * leftSum
      leftEnd += vBBegin * leftSum
      right += vAEnd * rightSum
      rightEnd += vBEnd * rightSum
    }
    return !(whole > 0 && wholeEnd > 0 && left > 0 && leftEnd > 0 && right > 0 && rightEnd > 0)
  }
}
