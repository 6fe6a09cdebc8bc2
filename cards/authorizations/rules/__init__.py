"""The card's decision, pure: `decision` judges, `facts` reads what it is judged on."""
