export function JoinScreen() {
  return (
    <div className="page">
      <h1>Join a study</h1>
    </div>
  );
}
