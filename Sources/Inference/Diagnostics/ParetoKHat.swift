/// The shape k of a generalised Pareto distribution fitted to the largest importance weights.
///
/// Above 0.7 the weights cannot be relied on at usual sample sizes; moments of order 1/k exist. The tail is the largest
/// ceil(min(S/5, 3 sqrt(S / relativeEfficiency))) of S weights, the fit Zhang and Stephens' (2009) with the weakly
/// informative prior towards 1/2 of Vehtari et al., "Pareto smoothed importance sampling", JMLR 25 (2024). Figures
/// agree with ArviZ's `psislw`.
///
/// - Parameters:
///   - logWeights: Log importance ratios, up to a constant; minus infinity is a weight of 0.
///   - relativeEfficiency: The proposals' effective sample size over their number, 1 for independent ones.
/// - Returns: k; NaN if a weight is NaN or plus infinity or none is positive, if the efficiency is not above 0, or where
///   the largest weights are equal and others are not, so that there is no tail to fit; plus infinity where at most four
///   weights lie above the cutoff (25 weights are needed for a tail of five); minus infinity where all weights are equal.
public func paretoKHat(_ logWeights: [Double], relativeEfficiency: Double = 1) -> Double {
  guard let largest = logWeights.max(), largest.isFinite, !logWeights.contains(where: \.isNaN),
    relativeEfficiency > 0
  else { return .nan }
  do throws(ParetoTail.Missing) {
    let sorted = logWeights.map { $0 - largest }.sorted()
    return try ParetoTail(sortedLogWeights: sorted, relativeEfficiency: relativeEfficiency).shape
  } catch .tooShort {
    return .infinity
  } catch .uniform {
    return -.infinity
  } catch {
    return .nan
  }
}
