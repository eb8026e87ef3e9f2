export function RatingScreen() {
  return (
    <div className="page">
      <h1>Rate</h1>
    </div>
  );
}
