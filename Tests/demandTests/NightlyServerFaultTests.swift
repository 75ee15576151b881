import DatabaseTestSupport
import Foundation
import Testing

/// What a server can do to a nightly run on it: the run recovers or says clearly what happened, and the next run ends with
/// the figures of an undisturbed one, nothing doubled.
@Suite(.serialized, .enabled(if: PostgreSQLServer.installed != nil, "\(PostgreSQLServer.absence)"))
struct NightlyServerFaultTests {
  enum Fault: CaseIterable {
    /// An administrator ends all connections.
    case cut
    /// The server stops at once, as without power, and comes back.
    case restart
  }

  /// What of a run is in the database as the fault strikes.
  enum Moment: String, CaseIterable {
    case begun = "SELECT count(*) FROM runs"
    case fitted = "SELECT count(*) FROM run_artifacts"
    case drawn = "SELECT count(*) FROM run_series"
  }

  private static let command = ["nightly", "--horizon", "\(PublishedRetailer.horizon)", "--reports", "reports"]

  @Test(arguments: [
    (Fault.cut, Moment.begun), (.cut, .fitted), (.cut, .drawn), (.restart, .begun), (.restart, .fitted),
  ]) func nightlyRun(_ fault: Fault, _ moment: Moment) throws {
    let reference = try PublishedRetailer.shared.get()
    let server = try PostgreSQLServer()
    let name = try server.makeDatabase()
    let folder = try Scratch()
    try folder.write("config/demand.yml", PublishedRetailer.settings)
    try folder.copy(reference.folder.path + "/data", as: "data")
    let place = ["--database", server.url(name)]
    let ingest = try DemandProgram.run(["ingest", "data"] + place, in: folder)
    try #require(ingest.status == 0, "\(ingest.err)")
    let facts = "SELECT count(*), sum(units), (SELECT count(*) FROM loads) FROM sales"
    let before = try server.query(facts, in: name)
    // A run that is drawn is published a moment later: long enough to be struck in between.
    try server.query(
      """
      CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(5); RETURN NULL; END';
      CREATE TRIGGER slow BEFORE INSERT ON published_history FOR EACH STATEMENT EXECUTE FUNCTION slow();
      """, in: name)

    let running = try DemandProgram.start(Self.command + place, in: folder)
    let deadline = Date() + 120
    while try server.query(moment.rawValue, in: name) == "0", running.process.isRunning, Date() < deadline {
      usleep(5_000)
    }
    #expect(running.process.isRunning, "the run was over before the fault")
    switch fault {
    case .cut: try server.cutConnections(to: name)
    case .restart:
      try server.stop(.immediate)
      try server.start()
    }
    running.process.waitUntilExit()
    let outcome = try running.outcome()
    if outcome.status != 0 {
      #expect(outcome.status == 1 && outcome.error.count == 2, "\(outcome.err)")
      #expect(outcome.error.first?.contains(/connection|server/) == true, "\(outcome.err)")
    }
    try server.query("DROP TRIGGER slow ON published_history; DROP FUNCTION slow()", in: name)
    let again = try DemandProgram.run(Self.command + place, in: folder)
    #expect(again.status == 0, "after \(outcome.status): \(again.err)")
    #expect(folder.contents("reports/forecasts.csv") == reference.folder.contents("reports/forecasts.csv"))
    #expect(try server.query(facts, in: name) == before)
    #expect(try server.query("SELECT status, count(*) FROM runs GROUP BY 1 ORDER BY 1", in: name) == "complete|1")
    #expect(
      try server.query("SELECT (SELECT count(*) FROM published), count(*) FROM published_history", in: name) == "1|1")
    #expect(
      try server.query(
        "SELECT (SELECT count(*) FROM run_series) - (SELECT count(*) FROM series), count(DISTINCT run_id) FROM forecasts",
        in: name) == "0|1")
    let check = try DemandProgram.run(["data", "check"] + place, in: folder)
    #expect(check.status == 0, "\(check.err)")
  }
}
