import CNumericKernels
import DemandData
import DemandModel
import Testing

@Suite struct SeriesDaysTests {
  private func parsed(_ units: [Int32], _ status: [DayStatus], window: Int = 0, startIsKnown: Bool = true)
    -> SeriesDays?
  {
    SeriesDays(
      units: units[...], status: status.map(\.rawValue)[...], window: window, startIsKnown: startIsKnown,
      firstDay: Day(number: 4))
  }

  @Test func statusDecidesWhatADayContributes() throws {
    let days = try #require(
      parsed([0, 3, 0, 0, 2, 0, 0], [.sold, .sold, .closed, .unknown, .outOfStock, .outOfStock, .notRanged]))
    let kinds = [CNK_ZERO, CNK_POSITIVE, CNK_FROZEN, CNK_FROZEN, CNK_SOLD_OUT, CNK_SKIPPED, CNK_FROZEN]
    #expect(days.kinds == kinds.map { UInt8($0) })
    #expect(days.exceedances == [1, 1, 1])
    // 1970-01-05 was a Monday.
    #expect(days.firstWeekday == 0)
  }

  @Test func knownStartScoresLeadingZeros() throws {
    let days = try #require(parsed([0, 0, 0, 1], [.notRanged, .sold, .sold, .sold]))
    #expect(days.start == 1)
    #expect(days.kinds == [CNK_ZERO, CNK_ZERO, CNK_POSITIVE].map { UInt8($0) })
  }

  @Test func inferredStartIsTheFirstSaleAndIsNotScored() throws {
    let units: [Int32] = [0, 0, 2, 1, 0]
    let status = [DayStatus](repeating: .sold, count: 5)
    let inferred = try #require(parsed(units, status, startIsKnown: false))
    #expect(inferred.start == 2)
    #expect(inferred.kinds == [CNK_FIRST_SALE, CNK_POSITIVE, CNK_ZERO].map { UInt8($0) })
    #expect(inferred.exceedances == [1])
    // A series older than the window has its start behind it: nothing in the window was chosen for being a sale.
    let older = try #require(parsed(units, status, window: 1, startIsKnown: false))
    #expect(older.start == 1)
    #expect(older.kinds[0] == UInt8(CNK_ZERO))
    #expect(parsed([0, 0], [.sold, .sold], startIsKnown: false) == nil)
  }

  @Test func neverRangedHasNoDays() {
    #expect(parsed([0, 0], [.notRanged, .notRanged]) == nil)
    #expect(parsed([1, 0], [.sold, .notRanged], window: 1) == nil)
  }
}
