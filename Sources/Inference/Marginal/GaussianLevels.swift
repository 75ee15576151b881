import Foundation
import NumericKernels

/// The linear-Gaussian upper levels of a hierarchy, integrated out: latent quantities u that enter only means of normal
/// distributions, linearly and with constant coefficients.
///
/// Every normal distribution concerned is a factor h - c'u ~ N(0, s²): a lower level's element less what its mean has
/// besides (h), or a latent quantity's own prior (c then holds the quantity itself). With Q = Σ c c' / s² and
/// û = Q^-1 Σ c h / s²,
///
///     log ∫ Π N(h - c'u; 0, s²) du = Σ [log N(h - c'û; 0, s²)] + m/2 log 2π - 1/2 log det Q
///
/// and, by Fisher's identity, its derivatives are the factors' own, averaged over u ~ N(û, Q^-1), which needs only û and
/// c' Q^-1 c. Given everything else u is drawn from N(û, Q^-1), so the joint posterior is recovered exactly.
///
/// - Complexity: An evaluation takes the sparse factorisation and the squares of the factors' numbers of coefficients;
///   for main effects crossed with main effects, about the square of the smaller levels' total size for each element of
///   the largest.
struct GaussianLevels: Sendable {
  /// One factor's coefficients by latent quantity, each quantity at most once.
  typealias Factor = [(latent: Int, coefficient: Double)]

  /// Numbers of one evaluator, all the caller's.
  struct Storage {
    let lower: UnsafeMutablePointer<Double>
    let inverse: UnsafeMutablePointer<Double>
    let mean: UnsafeMutablePointer<Double>
    let work: UnsafeMutablePointer<Double>
    /// What each factor has besides the latent quantities; replaced by the derivative by it.
    let h: UnsafeMutablePointer<Double>
    /// The factors' standard deviations; replaced by the derivatives by them.
    let sd: UnsafeMutablePointer<Double>

    /// Divides `base` up, which has ``GaussianLevels/storageCount`` elements.
    init(_ levels: GaussianLevels, at base: UnsafeMutablePointer<Double>) {
      lower = base
      inverse = lower + levels.cholesky.elementCount
      mean = inverse + levels.cholesky.elementCount
      work = mean + levels.latentCount
      h = work + levels.latentCount
      sd = h + levels.factorCount
    }
  }

  let latentCount: Int
  let factorCount: Int
  var storageCount: Int { 2 * (cholesky.elementCount + latentCount + factorCount) }

  /// Factor f has the coefficients `starts[f]..<starts[f + 1]`.
  private let starts: [Int32]
  private let latents: [Int32]
  private let coefficients: [Double]
  /// Factor f has the products of coefficients `pairStarts[f]..<pairStarts[f + 1]`, squares first, each for an element of
  /// Q.
  private let pairStarts: [Int32]
  private let pairElements: [Int32]
  private let pairProducts: [Double]
  private let cholesky: SparseCholesky

  init(latentCount: Int, factors: [Factor]) {
    self.latentCount = latentCount
    factorCount = factors.count
    cholesky = SparseCholesky(size: latentCount, cliques: factors.map { $0.map(\.latent).sorted() })
    var (starts, latents, coefficients): ([Int32], [Int32], [Double]) = ([0], [], [])
    var (pairStarts, elements, products): ([Int32], [Int32], [Double]) = ([0], [], [])
    for factor in factors {
      for a in factor {
        latents.append(Int32(a.latent))
        coefficients.append(a.coefficient)
        elements.append(Int32(cholesky.element(a.latent, a.latent)))
        products.append(a.coefficient * a.coefficient)
      }
      for (i, a) in factor.enumerated() {
        for b in factor[..<i] {
          elements.append(Int32(cholesky.element(a.latent, b.latent)))
          products.append(a.coefficient * b.coefficient)
        }
      }
      starts.append(Int32(latents.count))
      pairStarts.append(Int32(elements.count))
    }
    self.starts = starts
    self.latents = latents
    self.coefficients = coefficients
    self.pairStarts = pairStarts
    pairElements = elements
    pairProducts = products
  }

  /// The log of the integral for `storage.h` and `storage.sd`; leaves û and the factorisation.
  ///
  /// - Returns: NaN where a standard deviation is not positive or Q is singular.
  func condition(_ storage: Storage) -> Double {
    let (h, sd, u) = (storage.h, storage.sd, storage.mean)
    for f in 0..<factorCount where !(sd[f] > 0 && sd[f] < .infinity) { return .nan }
    storage.lower.update(repeating: 0, count: cholesky.elementCount)
    u.update(repeating: 0, count: latentCount)
    for f in 0..<factorCount {
      let weight = 1 / (sd[f] * sd[f])
      for p in Int(pairStarts[f])..<Int(pairStarts[f + 1]) {
        storage.lower[Int(pairElements[p])] += weight * pairProducts[p]
      }
      let scaled = h[f] * weight
      for e in Int(starts[f])..<Int(starts[f + 1]) { u[Int(latents[e])] += coefficients[e] * scaled }
    }
    guard let logDeterminant = cholesky.factor(storage.lower) else { return .nan }
    cholesky.solve(storage.lower, u, work: storage.work)
    var sum = 0.5 * Double(latentCount - factorCount) * log(2 * .pi) - 0.5 * logDeterminant
    var product = 1.0
    for f in 0..<factorCount {
      let standardized = residual(f, storage) / sd[f]
      sum -= 0.5 * standardized * standardized
      product *= sd[f]
      if !(product > 1e-150 && product < 1e150) {
        sum -= log(product / sd[f]) + log(sd[f])
        product = 1
      }
    }
    return sum - log(product)
  }

  /// Replaces `storage.h` and `storage.sd` by the derivatives by them, after ``condition(_:)``.
  func differentiate(_ storage: Storage) {
    cholesky.invert(storage.lower, into: storage.inverse)
    for f in 0..<factorCount {
      let (first, last) = (Int(pairStarts[f]), Int(pairStarts[f + 1]))
      let squares = Int(starts[f + 1] - starts[f])
      var variance = 0.0
      for p in first..<(first + squares) { variance += pairProducts[p] * storage.inverse[Int(pairElements[p])] }
      for p in (first + squares)..<last { variance += 2 * pairProducts[p] * storage.inverse[Int(pairElements[p])] }
      let r = residual(f, storage)
      let sd = storage.sd[f]
      storage.h[f] = -r / (sd * sd)
      storage.sd[f] = ((r * r + variance) / (sd * sd) - 1) / sd
    }
  }

  /// A draw of the latent quantities given everything else, after ``condition(_:)``.
  func draw(_ storage: Storage, into u: UnsafeMutablePointer<Double>, using stream: inout RandomStream) {
    for i in 0..<latentCount {
      storage.work[i] = stream.normal()
      u[i] = storage.mean[i]
    }
    cholesky.addDeviation(storage.lower, to: u, storage.work)
  }

  @inline(__always)
  private func residual(_ f: Int, _ storage: Storage) -> Double {
    var r = storage.h[f]
    for e in Int(starts[f])..<Int(starts[f + 1]) { r -= coefficients[e] * storage.mean[Int(latents[e])] }
    return r
  }
}
